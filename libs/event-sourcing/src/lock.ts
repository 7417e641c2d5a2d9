/** A mutex: runs one piece of work at a time, first come first served. */
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
