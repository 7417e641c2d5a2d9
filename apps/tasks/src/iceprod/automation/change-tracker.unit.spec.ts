import { DatabaseSync } from 'node:sqlite';
import type { AppliedEvent, ProjectionWriter } from '#event-sourcing/projection.js';
import { WORKLOAD_TABLE } from '../../workload/workloads.js';
import { AUTOMATION } from '../../automation-context.js';
import { ChangeTracker, SETTLING_TICKS } from './change-tracker.js';

describe('the change tracker', () => {
  let database: DatabaseSync;
  let changes: ChangeTracker;
  let writer: ProjectionWriter;
  let woken: number;

  beforeEach(() => {
    database = new DatabaseSync(':memory:');
    changes = new ChangeTracker();
    database.exec(WORKLOAD_TABLE + changes.tables);
    writer = changes.attach(database);
    woken = 0;
    changes.listen(() => (woken += 1));
  });

  afterEach(() => database.close());

  const apply = (stream: string, type: string, data: AppliedEvent['data'], actor = 'grid'): void => {
    const metadata = { dialect: 'iceprod', correlationId: '', causationId: '', schemaVersion: 1 };
    writer.apply({ stream, revision: 0, id: '', type, data, metadata: { timeMicros: 1, actor, ...metadata } });
  };
  const complete = (unit: number): void => {
    apply('work-iceprod.main.d', 'UnitSucceeded', { units: [[unit, unit]], status: 'complete' });
  };
  /** Changed units that a tick returns; undefined when it returns nothing. */
  const tick = (): readonly (readonly [number, number])[] | undefined => {
    const [dirty] = changes.take().values();
    return dirty?.whole === true ? [[0, Infinity]] : dirty?.units;
  };

  it('tracks a completed task, not its whole dataset', () => {
    complete(7);
    for (let ticks = 0; ticks < SETTLING_TICKS; ticks += 1) expect(tick()).toBeUndefined();
    expect(tick()).toEqual([[7, 7]]);
    expect(changes.isEmpty).toBe(true);
  });

  it('lets each change settle by itself, whatever comes before and after it', () => {
    const seen = [];
    for (let ticks = 0; ticks < 3 * SETTLING_TICKS; ticks += 1) {
      complete(2 * ticks);
      seen.push(tick());
    }
    expect(seen.slice(0, SETTLING_TICKS + 2)).toEqual([...Array<undefined>(SETTLING_TICKS), [[0, 0]], [[2, 2]]]);
    expect(woken).toBe(1);
  });

  it('ignores claims, starts and what automation itself queues', () => {
    const units = { units: [[1, 1]] };
    apply('work-iceprod.main.d', 'UnitsMoved', { ...units, status: 'waiting' }, AUTOMATION);
    expect([changes.isEmpty, woken]).toEqual([true, 0]);
    apply('work-iceprod.main.d', 'UnitsMoved', { ...units, status: 'waiting' }, 'somebody');
    expect([changes.isEmpty, woken]).toEqual([false, 1]);
    expect(['UnitsClaimed', 'UnitStarted'].some((type) => changes.eventTypes.includes(type))).toBe(false);
  });

  it('tracks the whole dataset when the dataset or too many of its tasks have changed', () => {
    apply('workload-iceprod.main.d', 'WorkloadMoved', { status: 'processing' });
    for (let unit = 0; unit < 20_002; unit += 2) complete(unit);
    for (let ticks = 0; ticks < SETTLING_TICKS; ticks += 1) expect(tick()).toBeUndefined();
    expect(tick()).toEqual([[0, Infinity]]);
    for (let unit = 0; unit < 20_002; unit += 2) complete(unit);
    for (let ticks = 0; ticks < SETTLING_TICKS; ticks += 1) expect(tick()).toBeUndefined();
    expect(tick()).toEqual([[0, Infinity]]);
  });

  it('returns at the next tick what is to be reconciled again, which may be the dataset alone', () => {
    changes.markItself(1);
    expect(tick()).toEqual([]);
    changes.markAgain(1);
    expect(tick()).toEqual([[0, Infinity]]);
  });
});
