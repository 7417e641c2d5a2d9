/** Steps of a decision between two yields. */
const SLICE_STEPS = 200;

/** Counts the steps of a decision that may take long. */
export class Steps {
  private count = 0;

  /** Whether a slice of the work may end here. */
  isSlice(): boolean {
    this.count += 1;
    return this.count % SLICE_STEPS === 0;
  }
}
