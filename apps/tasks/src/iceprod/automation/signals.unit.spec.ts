import { DatabaseSync } from 'node:sqlite';
import type { AppliedEvent, ProjectionWriter } from '#event-sourcing/projection.js';
import { WORKLOAD_TABLE } from '../../workload/workloads.js';
import { AUTOMATION, AutomationSignals, SETTLING_TICKS } from './signals.js';

describe('what automation notes', () => {
  let database: DatabaseSync;
  let signals: AutomationSignals;
  let writer: ProjectionWriter;
  let woken: number;

  beforeEach(() => {
    database = new DatabaseSync(':memory:');
    signals = new AutomationSignals();
    database.exec(WORKLOAD_TABLE + signals.tables);
    writer = signals.attach(database);
    woken = 0;
    signals.listen(() => (woken += 1));
  });

  afterEach(() => database.close());

  const apply = (stream: string, type: string, data: AppliedEvent['data'], actor = 'grid'): void => {
    const metadata = { dialect: 'iceprod', correlationId: '', causationId: '', schemaVersion: 1 };
    writer.apply({ stream, revision: 0, id: '', type, data, metadata: { timeMicros: 1, actor, ...metadata } });
  };
  const complete = (unit: number): void => {
    apply('work-iceprod.main.d', 'UnitSucceeded', { units: [[unit, unit]], status: 'complete' });
  };
  /** Units noted in what is taken at a tick; undefined when nothing is. */
  const tick = (): readonly (readonly [number, number])[] | undefined => {
    const [marks] = signals.take().values();
    return marks?.whole === true ? [[0, Infinity]] : marks?.units;
  };

  it('is a task that is complete, not the dataset around it', () => {
    complete(7);
    for (let ticks = 0; ticks < SETTLING_TICKS; ticks += 1) expect(tick()).toBeUndefined();
    expect(tick()).toEqual([[7, 7]]);
    expect(signals.isEmpty).toBe(true);
  });

  it('settles each by itself, however much comes before and after', () => {
    const seen = [];
    for (let ticks = 0; ticks < 3 * SETTLING_TICKS; ticks += 1) {
      complete(2 * ticks);
      seen.push(tick());
    }
    expect(seen.slice(0, SETTLING_TICKS + 2)).toEqual([...Array<undefined>(SETTLING_TICKS), [[0, 0]], [[2, 2]]]);
    expect(woken).toBe(1);
  });

  it('is nothing where workers claim and start, nor where it lets tasks wait itself', () => {
    const units = { units: [[1, 1]] };
    apply('work-iceprod.main.d', 'UnitsMoved', { ...units, status: 'waiting' }, AUTOMATION);
    expect([signals.isEmpty, woken]).toEqual([true, 0]);
    apply('work-iceprod.main.d', 'UnitsMoved', { ...units, status: 'waiting' }, 'somebody');
    expect([signals.isEmpty, woken]).toEqual([false, 1]);
    expect(['UnitsClaimed', 'UnitStarted'].some((type) => signals.eventTypes.includes(type))).toBe(false);
  });

  it('is the whole dataset when that has changed, or too much of it', () => {
    apply('workload-iceprod.main.d', 'WorkloadMoved', { status: 'processing' });
    for (let unit = 0; unit < 20_002; unit += 2) complete(unit);
    for (let ticks = 0; ticks < SETTLING_TICKS; ticks += 1) expect(tick()).toBeUndefined();
    expect(tick()).toEqual([[0, Infinity]]);
    for (let unit = 0; unit < 20_002; unit += 2) complete(unit);
    for (let ticks = 0; ticks < SETTLING_TICKS; ticks += 1) expect(tick()).toBeUndefined();
    expect(tick()).toEqual([[0, Infinity]]);
  });

  it('comes at the next tick when it is to be done again, and may be the dataset itself alone', () => {
    signals.markItself(1);
    expect(tick()).toEqual([]);
    signals.markAgain(1);
    expect(tick()).toEqual([[0, Infinity]]);
  });
});
