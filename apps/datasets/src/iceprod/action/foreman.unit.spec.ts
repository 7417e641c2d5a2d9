import { nextLoopTurn } from '#platform/loop-turn.js';
import type { Action } from '#contracts/iceprod/actions.js';
import { Foreman, type Shift } from './foreman.js';
import { priorityOf, type StoredRequest } from './request.js';

const SECOND = 1_000_000;
const MINUTE = 60 * SECOND;

/** A foreman whose time stands still until it is moved, and whose workers end when they are told. */
class Works {
  now = 1_000 * MINUTE;
  readonly requests: StoredRequest[] = [];
  /** Ids in the order in which they were taken up. */
  readonly taken: string[] = [];
  readonly shifts = new Map<string, Shift>();
  private readonly ends = new Map<string, PromiseWithResolvers<void>>();
  changes = 0;
  readonly foreman = new Foreman({
    open: () => this.open(),
    work: (request, shift) => {
      const end = Promise.withResolvers<void>();
      this.taken.push(request.id);
      this.shifts.set(request.id, shift);
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
      ...{ creator: 'alice', role: 'user', arguments: { raw: '{}' }, progress: undefined, results: undefined },
      ...{ message: '', ...fields },
    });
  }

  /** Lets time pass and has done what is due. */
  pass(micros: number): number | undefined {
    this.now += micros;
    return this.foreman.step();
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

  /** The foreman has noticed what has ended. */
  noticed(): Promise<void> {
    return nextLoopTurn();
  }

  shift(id: string): Shift {
    const shift = this.shifts.get(id);
    if (shift === undefined) throw new Error(`nobody works on ${id}`);
    return shift;
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

describe('a foreman', () => {
  it('lets requests settle, and tells when the first has', () => {
    const works = new Works();
    works.add('a', 'submit');
    expect(works.foreman.step()).toBe(works.now + 2 * SECOND);
    expect(works.taken).toEqual([]);
    works.pass(2 * SECOND);
    expect(works.taken).toEqual(['a']);
  });

  it('does not let a long request hold up short ones', async () => {
    const works = new Works();
    works.add('long', 'dataset_status', 'd');
    works.pass(2 * SECOND);
    works.add('short', 'job_status', 'e');
    works.add('shortest', 'submit');
    works.pass(2 * SECOND);
    expect(works.taken).toEqual(['long', 'short', 'shortest']);
    await works.end('short');
    await works.end('shortest');
    expect(works.shift('long').signal.aborted).toBe(false);
    expect(works.requests.map(({ id }) => id)).toEqual(['long']);
  });

  it('has a dataset worked on by one at a time', async () => {
    const works = new Works();
    works.add('first', 'dataset_status', 'd');
    works.add('second', 'task_status', 'd');
    works.add('other', 'task_status', 'e');
    works.pass(2 * SECOND);
    expect(works.taken).toEqual(['first', 'other']);
    await works.end('first');
    works.foreman.step();
    expect(works.taken).toEqual(['first', 'other', 'second']);
  });

  it('takes up by priority, then attempts, then age, as many as there are places', async () => {
    const works = new Works();
    works.add('material', 'materialization', 'm');
    works.add('again', 'submit', undefined, { attempts: 1 });
    for (const id of ['one', 'two', 'three']) {
      works.now += 1;
      works.add(id, 'submit');
    }
    works.pass(2 * SECOND);
    expect(works.taken).toEqual(['one', 'two', 'three', 'again']);
    await works.end('two');
    works.foreman.step();
    expect(works.taken.at(-1)).toBe('material');
  });

  it('keeps a place free of materializations', () => {
    const works = new Works();
    for (const id of ['a', 'b', 'c', 'd']) works.add(id, 'materialization', id);
    works.pass(2 * SECOND);
    expect(works.taken).toEqual(['a', 'b', 'c']);
    works.add('asked', 'edit_config', 'e');
    works.pass(2 * SECOND);
    expect(works.taken).toEqual(['a', 'b', 'c', 'asked']);
  });

  it('tries again what had to wait, less and less often, and meanwhile others', async () => {
    const works = new Works();
    works.add('a', 'job_status', 'd');
    works.pass(2 * SECOND);
    await works.fail('a');
    expect(works.foreman.step()).toBe(works.now + SECOND / 2);
    works.add('b', 'job_status', 'd', { madeMicros: works.now - 2 * SECOND });
    works.foreman.step();
    expect(works.taken).toEqual(['a', 'b']);
    await works.end('b');
    works.pass(SECOND / 2);
    expect(works.taken).toEqual(['a', 'b', 'a']);
    expect([works.shift('b').waited, works.shift('a').waited]).toEqual([false, true]);
    await works.fail('a');
    expect(works.foreman.step()).toBe(works.now + SECOND);
  });

  it('replaces a worker that gives no sign of life for 15 minutes, and no other', async () => {
    const works = new Works();
    works.add('dead', 'dataset_status', 'd');
    works.add('alive', 'dataset_status', 'e');
    works.pass(2 * SECOND);
    const dead = works.shift('dead');
    works.pass(14 * MINUTE);
    works.shift('alive').sign();
    expect(works.pass(MINUTE - 1)).toBe(works.now + 1);
    expect(dead.signal.aborted).toBe(false);
    works.pass(1);
    expect(dead.signal.aborted).toBe(true);
    expect(works.shift('alive').signal.aborted).toBe(false);
    expect(works.taken).toEqual(['dead', 'alive', 'dead']);
    expect(works.shift('dead').waited).toBe(false);
    await works.end('dead');
    works.add('next', 'job_status', 'd');
    works.pass(2 * SECOND);
    expect(works.taken.at(-1)).toBe('next');
  });

  it('lets whoever works on all datasets wait for one that is worked on', async () => {
    const works = new Works();
    works.add('all', 'materialization');
    works.add('one', 'dataset_status', 'd');
    works.pass(2 * SECOND);
    const steps: string[] = [];
    const done = works.shift('all').alone('d', () => {
      steps.push('alone');
      works.add('later', 'job_status', 'd', { madeMicros: 0 });
      works.foreman.step();
      return Promise.resolve();
    });
    await works.noticed();
    expect(steps).toEqual([]);
    // Waiting is no death.
    works.pass(14 * MINUTE);
    works.shift('one').sign();
    works.pass(14 * MINUTE);
    expect(works.shift('all').signal.aborted).toBe(false);
    await works.end('one');
    await done;
    expect(steps).toEqual(['alone']);
    expect(works.taken).not.toContain('later');
    works.foreman.step();
    expect(works.taken).toContain('later');
  });

  it('has work laid down when it closes', async () => {
    const works = new Works();
    works.add('a', 'submit');
    works.pass(2 * SECOND);
    works.foreman.close();
    expect(works.shift('a').signal.aborted).toBe(true);
    const idle = works.foreman.idle();
    await works.fail('a');
    await idle;
    works.pass(MINUTE);
    expect(works.taken).toEqual(['a']);
  });
});
