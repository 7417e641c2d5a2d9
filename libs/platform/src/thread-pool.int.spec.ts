import { join } from 'node:path';
import type { sampleFunctions } from './testing/sample-thread.js';
import { programPath } from './program-path.js';
import { ThreadPool, type ThreadPoolOptions } from './thread-pool.js';

type SampleFunctions = typeof sampleFunctions;

describe('ThreadPool', () => {
  const pools: ThreadPool<SampleFunctions>[] = [];
  const open = (options: Partial<ThreadPoolOptions> = {}): ThreadPool<SampleFunctions> => {
    const module = programPath('libs/platform/src/testing/sample-thread.js');
    const limits = { threads: 2, waitingMax: 8, timeLimitMs: 30_000, heapMaxMiB: 64 };
    const pool = new ThreadPool<SampleFunctions>({ module, ...limits, ...options });
    pools.push(pool);
    return pool;
  };

  afterEach(() => Promise.all(pools.splice(0).map((pool) => pool.close())));

  it('answers calls, and passes on refusals and errors', async () => {
    const pool = open();
    await expect(Promise.all([1, 2, 3, 4].map((n) => pool.run('add', n, 1)))).resolves.toEqual([2, 3, 4, 5]);
    await expect(pool.run('refuse', 'no')).rejects.toMatchObject({ kind: 'conflict', code: 'sample.refused' });
    await expect(pool.run('fail', 'broken')).rejects.toThrow('broken');
    await expect(pool.run('add', 1, 1)).resolves.toBe(2);
  });

  it('ends a call that takes too long, and answers the next one', async () => {
    const pool = open({ threads: 1, timeLimitMs: 300 });
    const [endless, next] = [pool.run('runForever'), pool.run('add', 1, 1)];
    await expect(endless).rejects.toMatchObject({ name: 'ThreadLimitExceeded', limit: 'time' });
    await expect(next).resolves.toBe(2);
  });

  it('ends a call that takes too much memory, and answers the next one', async () => {
    const pool = open({ threads: 1 });
    const [greedy, next] = [pool.run('fillMemory'), pool.run('add', 1, 1)];
    await expect(greedy).rejects.toMatchObject({ name: 'ThreadLimitExceeded', limit: 'memory' });
    await expect(next).resolves.toBe(2);
  });

  it('refuses calls when too many wait', async () => {
    const pool = open({ threads: 1, waitingMax: 2 });
    const waiting = [pool.run('add', 1, 1), pool.run('add', 2, 2)];
    await expect(pool.run('add', 3, 3)).rejects.toMatchObject({ kind: 'unavailable' });
    await expect(Promise.all(waiting)).resolves.toEqual([2, 4]);
  });

  it('fails a call when the thread cannot start', async () => {
    const pool = open({ module: join(import.meta.dirname, 'no-such-thread.js') });
    await expect(pool.run('add', 1, 1)).rejects.toThrow('no-such-thread');
  });

  it('rejects what is not answered when it closes', async () => {
    const pool = open({ threads: 1 });
    const calls = Promise.allSettled([pool.run('runForever'), pool.run('add', 1, 1)]);
    await pool.close();
    expect((await calls).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  });
});
