/** Lets one at a time through, in the order of asking. */
export class Lock {
  private last: Promise<void> = Promise.resolve();

  async run<Result>(work: () => Promise<Result> | Result): Promise<Result> {
    const before = this.last;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.last = promise;
    await before;
    try {
      return await work();
    } finally {
      resolve();
    }
  }
}
