const PAUSE_FIRST_MS = 2_000;
const PAUSE_MAX_MS = 60_000;

/**
 * Counts consecutive failures caused by the machine, such as missing programs or a full disk. A task that ran and failed
 * says nothing about the machine.
 */
export class FailureLimit {
  private inRow = 0;
  private reason = '';

  /** @param most consecutive machine failures after which no more work is taken; 0 for no limit */
  constructor(private readonly most: number) {}

  failed(reason: string): void {
    this.inRow += 1;
    this.reason = reason;
  }

  succeeded(): void {
    this.inRow = 0;
  }

  /** Pause before the next unit; it doubles with each failure. */
  get pauseMs(): number {
    return this.inRow === 0 ? 0 : Math.min(PAUSE_MAX_MS, PAUSE_FIRST_MS * 2 ** (this.inRow - 1));
  }

  /** Why this machine should take no more work; `undefined` while it may. */
  get exceeded(): string | undefined {
    if (this.most === 0 || this.inRow < this.most) return undefined;
    return `this machine has failed ${String(this.inRow)} tasks in a row, the last with: ${this.reason}`;
  }
}
