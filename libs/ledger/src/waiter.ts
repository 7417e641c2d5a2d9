/** Lets one loop wait until it is woken; a wake that comes while the loop works is not lost. */
export class Waiter {
  private woken = false;
  private resume: (() => void) | undefined;

  readonly wake = (): void => {
    this.woken = true;
    this.resume?.();
  };

  /** Resolves with true when woken, with false after the timeout. */
  async wait(timeoutMs = Infinity): Promise<boolean> {
    if (!this.woken) {
      let timer: NodeJS.Timeout | undefined;
      await new Promise<void>((resolve) => {
        this.resume = resolve;
        if (timeoutMs < Infinity) timer = setTimeout(resolve, timeoutMs);
      });
      clearTimeout(timer);
    }
    const { woken } = this;
    this.resume = undefined;
    this.woken = false;
    return woken;
  }
}
