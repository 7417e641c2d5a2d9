import { nextLoopTurn } from '#platform/loop-turn.js';
import type { Action } from '#contracts/iceprod/actions.js';
import { WorkerPool, type Lease } from './worker-pool.js';
import { priorityOf, type StoredRequest } from './request.js';

const SECOND = 1_000_000;
const MINUTE = 60 * SECOND;

/** A pool with a clock that the testPool moves, and with work that the testPool ends. */
class TestPool {
  now = 1_000 * MINUTE;
  readonly requests: StoredRequest[] = [];
  /** Ids in the order in which they started. */
  readonly started: string[] = [];
  readonly leases = new Map<string, Lease>();
  private readonly ends = new Map<string, PromiseWithResolvers<void>>();
  changes = 0;
  readonly pool = new WorkerPool({
    open: () => this.open(),
    work: (request, lease) => {
      const end = Promise.withResolvers<void>();
      this.started.push(request.id);
      this.leases.set(request.id, lease);
      this.ends.set(request.id, end);
      return end.promise;
    },
    nowMicros: () => this.now,
    settlingMicros: 2 * SECOND,
    onChange: () => {
      this.changes += 1;
    },
  });

  add(id: string, action: Action, datasetId?: string, fields: Partial<StoredRequest> = {}): void {
    this.requests.push({
      ...{ id, action, datasetId, status: 'queued', attempts: 0, madeMicros: this.now, changedMicros: this.now },
      ...{ interruptions: 0, isStarted: false },
      ...{
        creator: 'alice',
        role: 'user',
        groups: [],
        token: undefined,
        arguments: { raw: '{}' },
        progress: undefined,
        results: undefined,
      },
      ...{ message: '', ...fields },
    });
  }

  /** Lets time pass and does what is due. */
  pass(micros: number): number | undefined {
    this.now += micros;
    return this.pool.step();
  }

  async end(id: string): Promise<void> {
    this.requests.splice(
      this.requests.findIndex((request) => request.id === id),
      1,
    );
    this.ends.get(id)?.resolve();
    await this.noticed();
  }

  async fail(id: string): Promise<void> {
    this.ends.get(id)?.reject(new Error('no answer'));
    await this.noticed();
  }

  /** Resolves when the pool has handled what has ended. */
  noticed(): Promise<void> {
    return nextLoopTurn();
  }

  lease(id: string): Lease {
    const lease = this.leases.get(id);
    if (lease === undefined) throw new Error(`no lease of ${id}`);
    return lease;
  }

  private open(): StoredRequest[] {
    return this.requests.toSorted(
      (one, other) =>
        priorityOf(other.action) - priorityOf(one.action) ||
        one.attempts - other.attempts ||
        one.madeMicros - other.madeMicros,
    );
  }
}

describe('a worker pool', () => {
  it('lets requests settle, and returns when the first one may start', () => {
    const testPool = new TestPool();
    testPool.add('a', 'submit');
    expect(testPool.pool.step()).toBe(testPool.now + 2 * SECOND);
    expect(testPool.started).toEqual([]);
    testPool.pass(2 * SECOND);
    expect(testPool.started).toEqual(['a']);
  });

  it('does not delay short requests by a long one', async () => {
    const testPool = new TestPool();
    testPool.add('long', 'dataset_status', 'd');
    testPool.pass(2 * SECOND);
    testPool.add('short', 'job_status', 'e');
    testPool.add('shortest', 'submit');
    testPool.pass(2 * SECOND);
    expect(testPool.started).toEqual(['long', 'short', 'shortest']);
    await testPool.end('short');
    await testPool.end('shortest');
    expect(testPool.lease('long').signal.aborted).toBe(false);
    expect(testPool.requests.map(({ id }) => id)).toEqual(['long']);
  });

  it('runs one request of a dataset at a time', async () => {
    const testPool = new TestPool();
    testPool.add('first', 'dataset_status', 'd');
    testPool.add('second', 'task_status', 'd');
    testPool.add('other', 'task_status', 'e');
    testPool.pass(2 * SECOND);
    expect(testPool.started).toEqual(['first', 'other']);
    await testPool.end('first');
    testPool.pool.step();
    expect(testPool.started).toEqual(['first', 'other', 'second']);
  });

  it('starts by priority, then attempts, then age, up to the concurrency limit', async () => {
    const testPool = new TestPool();
    testPool.add('material', 'materialization', 'm');
    testPool.add('again', 'submit', undefined, { attempts: 1 });
    for (const id of ['one', 'two', 'three']) {
      testPool.now += 1;
      testPool.add(id, 'submit');
    }
    testPool.pass(2 * SECOND);
    expect(testPool.started).toEqual(['one', 'two', 'three', 'again']);
    await testPool.end('two');
    testPool.pool.step();
    expect(testPool.started.at(-1)).toBe('material');
  });

  it('leaves room for one request that is no materialization', () => {
    const testPool = new TestPool();
    for (const id of ['a', 'b', 'c', 'd']) testPool.add(id, 'materialization', id);
    testPool.pass(2 * SECOND);
    expect(testPool.started).toEqual(['a', 'b', 'c']);
    testPool.add('asked', 'edit_config', 'e');
    testPool.pass(2 * SECOND);
    expect(testPool.started).toEqual(['a', 'b', 'c', 'asked']);
  });

  it('retries with backoff, and runs others meanwhile', async () => {
    const testPool = new TestPool();
    testPool.add('a', 'job_status', 'd');
    testPool.pass(2 * SECOND);
    await testPool.fail('a');
    expect(testPool.pool.step()).toBe(testPool.now + SECOND / 2);
    testPool.add('b', 'job_status', 'd', { madeMicros: testPool.now - 2 * SECOND });
    testPool.pool.step();
    expect(testPool.started).toEqual(['a', 'b']);
    await testPool.end('b');
    testPool.pass(SECOND / 2);
    expect(testPool.started).toEqual(['a', 'b', 'a']);
    expect([testPool.lease('b').resumed, testPool.lease('a').resumed]).toEqual([false, true]);
    await testPool.fail('a');
    expect(testPool.pool.step()).toBe(testPool.now + SECOND);
  });

  it('restarts a request whose lease had no heartbeat for 15 minutes, and no other', async () => {
    const testPool = new TestPool();
    testPool.add('dead', 'dataset_status', 'd');
    testPool.add('alive', 'dataset_status', 'e');
    testPool.pass(2 * SECOND);
    const dead = testPool.lease('dead');
    testPool.pass(14 * MINUTE);
    testPool.lease('alive').heartbeat();
    expect(testPool.pass(MINUTE - 1)).toBe(testPool.now + 1);
    expect(dead.signal.aborted).toBe(false);
    testPool.pass(1);
    expect(dead.signal.aborted).toBe(true);
    expect(testPool.lease('alive').signal.aborted).toBe(false);
    expect(testPool.started).toEqual(['dead', 'alive', 'dead']);
    expect(testPool.lease('dead').resumed).toBe(false);
    await testPool.end('dead');
    testPool.add('next', 'job_status', 'd');
    testPool.pass(2 * SECOND);
    expect(testPool.started.at(-1)).toBe('next');
  });

  it('lets a request of all datasets wait for the lock of one', async () => {
    const testPool = new TestPool();
    testPool.add('all', 'materialization');
    testPool.add('one', 'dataset_status', 'd');
    testPool.pass(2 * SECOND);
    const steps: string[] = [];
    const done = testPool.lease('all').exclusively('d', () => {
      steps.push('alone');
      testPool.add('later', 'job_status', 'd', { madeMicros: 0 });
      testPool.pool.step();
      return Promise.resolve();
    });
    await testPool.noticed();
    expect(steps).toEqual([]);
    // A lease does not expire while it waits for a lock.
    testPool.pass(14 * MINUTE);
    testPool.lease('one').heartbeat();
    testPool.pass(14 * MINUTE);
    expect(testPool.lease('all').signal.aborted).toBe(false);
    await testPool.end('one');
    await done;
    expect(steps).toEqual(['alone']);
    expect(testPool.started).not.toContain('later');
    testPool.pool.step();
    expect(testPool.started).toContain('later');
  });

  it('interrupts work when it closes', async () => {
    const testPool = new TestPool();
    testPool.add('a', 'submit');
    testPool.pass(2 * SECOND);
    testPool.pool.close();
    expect(testPool.lease('a').signal.aborted).toBe(true);
    const idle = testPool.pool.idle();
    await testPool.fail('a');
    await idle;
    testPool.pass(MINUTE);
    expect(testPool.started).toEqual(['a']);
  });

  it('counts an attempt that an earlier process began as interrupted, and one that waits here not', async () => {
    const pool = new TestPool();
    pool.add('left', 'submit', 'd', { status: 'processing', attempts: 1, isStarted: true });
    pool.pass(0);
    expect(pool.lease('left')).toMatchObject({ interruptions: 1, resumed: false });
    await pool.fail('left');
    pool.pass(MINUTE);
    expect(pool.started).toEqual(['left', 'left']);
    expect(pool.lease('left')).toMatchObject({ interruptions: 0, resumed: true });
  });

  it('runs a request alone that may have ended the process twice', async () => {
    const pool = new TestPool();
    pool.add('other', 'submit', 'd', { madeMicros: 0 });
    pool.pass(3 * SECOND);
    const twice = { status: 'processing', attempts: 2, interruptions: 1, isStarted: true } as const;
    pool.add('suspect', 'submit', 'e', { ...twice, madeMicros: 0 });
    pool.add('later', 'submit', 'f', { attempts: 3 });
    pool.pass(3 * SECOND);
    expect(pool.started).toEqual(['other']);
    await pool.end('other');
    pool.pass(0);
    expect(pool.started).toEqual(['other', 'suspect']);
    await pool.end('suspect');
    pool.pass(0);
    expect(pool.started).toEqual(['other', 'suspect', 'later']);
  });
});
