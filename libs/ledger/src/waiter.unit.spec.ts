import { Waiter } from './waiter.js';

describe('Waiter', () => {
  it('keeps a wake that comes before the wait, for one wait', async () => {
    const waiter = new Waiter();
    waiter.wake();
    expect(await waiter.wait()).toBe(true);
    expect(await waiter.wait(1)).toBe(false);
  });

  it('takes what has come while the process was held up', async () => {
    const waiter = new Waiter();
    const waiting = waiter.wait(1_010);
    // The timer is over before the loop gets to what has come.
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1_020);
    setImmediate(waiter.wake);
    expect(await waiting).toBe(true);
  });
});
