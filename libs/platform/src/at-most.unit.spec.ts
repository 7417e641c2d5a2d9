import { AtMost, AtMostOfEach } from './at-most.js';
import { nextLoopTurn } from './loop-turn.js';

/** Work that ends when it is told to, and how much of it is running. */
class Work {
  readonly begun: (() => void)[] = [];

  readonly run = (): Promise<void> => new Promise((end) => this.begun.push(end));
}

describe('AtMost', () => {
  it('lets so many run, and the others in the order in which they came', async () => {
    const [turns, work] = [new AtMost(2), new Work()];
    const order: number[] = [];
    const all = [0, 1, 2, 3].map((number) => turns.run(work.run).then(() => order.push(number)));
    for (let ended = 0; ended < 4; ended += 1) {
      await nextLoopTurn();
      expect(work.begun).toHaveLength(Math.min(ended + 2, 4));
      work.begun[ended]?.();
    }
    await Promise.all(all);
    expect(order).toEqual([0, 1, 2, 3]);
    expect(turns.isIdle).toBe(true);
  });

  it('goes on behind work that fails, and behind who has given up waiting', async () => {
    const [turns, stop] = [new AtMost(1), new AbortController()];
    const failing = turns.run(() => Promise.reject(new Error('broken')));
    const leaving = turns.run(() => Promise.resolve('never'), stop.signal);
    const last = turns.run(() => Promise.resolve('done'));
    stop.abort(new Error('stopped'));
    await expect(failing).rejects.toThrow('broken');
    await expect(leaving).rejects.toThrow('stopped');
    await expect(last).resolves.toBe('done');
    await expect(turns.run(() => Promise.resolve('never'), stop.signal)).rejects.toThrow('stopped');
    expect(turns.isIdle).toBe(true);
  });

  it('counts each by itself', async () => {
    const [turns, work] = [new AtMostOfEach(1), new Work()];
    const all = ['alice', 'alice', 'bob'].map((who) => turns.run(who, work.run));
    await nextLoopTurn();
    expect(work.begun).toHaveLength(2);
    work.begun.forEach((end) => end());
    await nextLoopTurn();
    work.begun.at(-1)?.();
    await Promise.all(all);
  });
});
