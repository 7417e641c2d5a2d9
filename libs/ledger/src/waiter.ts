/** A long wait is counted in steps of so long: one that ends late, because this process was held up, counts as any other. */
const STEP_MS = 1_000;

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
    for (let leftMs = timeoutMs; !this.woken && leftMs > 0; leftMs -= STEP_MS) await this.step(leftMs);
    const { woken } = this;
    this.resume = undefined;
    this.woken = false;
    return woken;
  }

  private async step(ms: number): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    await new Promise<void>((resolve) => {
      this.resume = resolve;
      if (ms < Infinity) timer = setTimeout(resolve, Math.min(ms, STEP_MS));
    });
    clearTimeout(timer);
  }
}
