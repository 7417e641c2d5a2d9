const PAUSE_FIRST_MS = 2_000;
const PAUSE_MAX_MS = 60_000;

/**
 * Counts consecutive failures of what is tried again after a pause: caused by the machine, such as missing programs or a full disk. A task
 * that ran and failed says nothing about the machine.
 */
export class FailureLimit {
  private inRow = 0;
  private reason = '';

  /**
   * @param most consecutive failures after which nothing more is tried; 0 for no limit
   * @param told says how often it has failed
   */
  constructor(
    private readonly most: number,
    private readonly told = (times: number): string => `this machine has failed ${times} tasks in a row`,
  ) {}

  failed(reason: string): void {
    this.inRow += 1;
    this.reason = reason;
  }

  succeeded(): void {
    this.inRow = 0;
  }

  /** Pause before the next try; it doubles with each failure. */
  get pauseMs(): number {
    return this.inRow === 0 ? 0 : Math.min(PAUSE_MAX_MS, PAUSE_FIRST_MS * 2 ** (this.inRow - 1));
  }

  /** Why nothing more is to be tried; `undefined` while it may. */
  get exceeded(): string | undefined {
    if (this.most === 0 || this.inRow < this.most) return undefined;
    return `${this.told(this.inRow)}, the last with: ${this.reason}`;
  }
}
