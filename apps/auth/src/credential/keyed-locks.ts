import { Lock } from '#event-sourcing/lock.js';

/** A lock per key, which exists as long as it is held or waited for. */
export class KeyedLocks {
  private readonly locks = new Map<string, { readonly lock: Lock; users: number }>();

  async run<Result>(key: string, work: () => Promise<Result>): Promise<Result> {
    const entry = this.locks.get(key) ?? { lock: new Lock(), users: 0 };
    this.locks.set(key, entry);
    entry.users += 1;
    try {
      return await entry.lock.run(work);
    } finally {
      entry.users -= 1;
      if (entry.users === 0) this.locks.delete(key);
    }
  }
}
