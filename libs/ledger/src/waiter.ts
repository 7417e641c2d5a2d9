/** Lets one loop wait until it is woken; a wake that comes while the loop works is not lost. */
export class Waiter {
  private woken = false;
  private resume: (() => void) | undefined;

  readonly wake = (): void => {
    this.woken = true;
    this.resume?.();
  };

  async wait(): Promise<void> {
    if (!this.woken) {
      await new Promise<void>((resolve) => {
        this.resume = resolve;
      });
    }
    this.resume = undefined;
    this.woken = false;
  }
}
