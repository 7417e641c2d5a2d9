import { DatabaseSync } from 'node:sqlite';
import { newIdPrefix } from '#contracts/ids.js';
import type { UnitAdded, UnitsAdded } from '#contracts/work-events.js';
import type { ProjectionWriter } from '#event-sourcing/projection.js';
import { Policies } from './engine/policies.js';
import type { Policy } from './engine/policy.js';
import { ReadyHeap } from './engine/ready-heap.js';
import { UnitProjection } from './engine/unit-projection.js';
import { datasetProjection } from './iceprod/dataset/dataset-projection.js';
import { iceprodPolicy } from './iceprod/policy.js';
import { WAITING_QUEUE } from './iceprod/status-table.js';
import { TaskCounts } from './iceprod/task/task-counts.js';
import { WorkloadProjection } from './workload/workload-projection.js';
import { workStream } from './workload/workloads.js';

const READY_QUEUE = 'torc.ready';

/** A minimal policy: only a successful run satisfies a dependency. */
const secondPolicy: Policy = {
  phaseOf: (status, outcome) => {
    if (status === 'ready') return 'ready';
    if (status !== 'done') return 'held';
    return outcome === 'ok' ? 'succeeded' : 'failed';
  },
  streamOf: (workload) => workStream('torc', workload),
  queueOf: (status) => (status === 'ready' ? READY_QUEUE : undefined),
  satisfies: (status, outcome) => status === 'done' && outcome === 'ok',
  dependsOn: (depends) => JSON.parse(depends) as string[],
  gpusOf: () => 0,
  amend: (unit) => unit,
  eventTypes: ['PriorityRaised'],
  evolve: (unit) => ({ ...unit, priority: unit.priority + 1 }),
};

describe('units of two dialects', () => {
  let database: DatabaseSync;
  let projection: UnitProjection;
  let writer: ProjectionWriter;

  const apply = (dialect: 'iceprod' | 'torc', type: string, data: object): void => {
    const metadata = {
      ...{ timeMicros: 1, actor: 'a', dialect, correlationId: '', causationId: '', schemaVersion: 1 },
    };
    const event = { stream: workStream(dialect, '1'), revision: 0, id: '', type, data: { ...data }, metadata };
    const slices = writer.apply(event);
    if (slices !== undefined) while (slices.next().done !== true);
  };
  const add = (dialect: 'iceprod' | 'torc', ordinal: number, more: Partial<UnitAdded>): void => {
    const data: UnitAdded = {
      ...{ units: [[ordinal, ordinal]], workload_id: '1', unit_id: String(ordinal), index: 0, name: 'n' },
      ...{ depends: [], requirements: '{}', status: 'ready', priority: 1, ...more },
    };
    apply(dialect, 'UnitAdded', data);
  };
  const unit = (dialect: 'iceprod' | 'torc', id: string) => {
    const stored = projection.store.byId(dialect, id);
    if (stored === undefined) throw new Error(`No unit ${id}`);
    return stored;
  };
  const ready = (queue: string, label?: string): string[] => {
    const classes = [...projection.store.ready.classes(queue)];
    const fitting = classes.filter((each) => !each.isBlocked && (label === undefined || each.label === label));
    const heap = new ReadyHeap(projection.store.ready, fitting, 10);
    const ids: string[] = [];
    for (let entry = heap.next(); entry !== undefined; entry = heap.next()) ids.push(entry.id);
    return ids;
  };

  beforeEach(() => {
    database = new DatabaseSync(':memory:');
    projection = new UnitProjection(new Policies({ iceprod: iceprodPolicy, torc: secondPolicy }));
    for (const { tables, indexes } of [new WorkloadProjection(), datasetProjection, projection]) {
      database.exec(tables + indexes);
    }
    writer = projection.attach(database);
  });

  afterEach(() => database.close());

  it('may have the same ids', () => {
    add('iceprod', 0, { status: 'waiting', name: 'task' });
    add('torc', 0, { name: 'job' });
    expect(unit('iceprod', '0').unit).toMatchObject({ workload: '1', name: 'task', status: 'waiting' });
    expect(unit('torc', '0').unit).toMatchObject({ workload: '1', name: 'job', status: 'ready', group: '' });
    expect(projection.store.byId('panda', '0')).toBeUndefined();
  });

  it('are claimed from the queues of their dialect, and by label', () => {
    add('iceprod', 0, { unit_id: 'task', status: 'waiting' });
    add('iceprod', 1, { unit_id: 'idle', status: 'idle' });
    add('torc', 0, { unit_id: 'plain' });
    add('torc', 1, { unit_id: 'labelled', label: 'analysis' });
    add('torc', 2, { unit_id: 'foreign', status: 'waiting' });
    expect(ready(WAITING_QUEUE)).toEqual(['task']);
    expect(ready(READY_QUEUE)).toEqual(['labelled', 'plain']);
    expect([ready(READY_QUEUE, 'analysis'), ready(READY_QUEUE, '')]).toEqual([['labelled'], ['plain']]);
    apply('torc', 'UnitsClaimed', { units: [[1, 1]], status: 'running', lease_id: 'lease', site: 'S' });
    expect(ready(READY_QUEUE)).toEqual(['plain']);
    apply('torc', 'UnitsMoved', { units: [[0, 2]], status: 'ready', clears: ['lease'] });
    expect(ready(READY_QUEUE, 'analysis')).toEqual(['labelled']);
  });

  it.each([1, 20])('satisfy dependencies by status and outcome, %i at a time', (count) => {
    const group: UnitsAdded = {
      ...{ units: [[0, 2 * count - 1]], workload_id: '1', prefix: newIdPrefix('torc.main.1', 1) },
      shapes: [
        { name: 'first', depends: [], requirements: '{}', status: 'running', priority: 1 },
        { name: 'second', depends: [0], requirements: '{}', status: 'ready', priority: 1 },
      ],
    };
    apply('torc', 'UnitsAdded', group);
    const last = 2 * count - 1;
    expect(ready(READY_QUEUE)).toEqual([]);
    for (let first = 0; first < last; first += 2) {
      apply('torc', 'UnitFailed', { units: [[first, first]], status: 'done', outcome: 'error' });
    }
    expect(ready(READY_QUEUE)).toEqual([]);
    for (let first = 0; first < last; first += 2) {
      apply('torc', 'UnitSucceeded', { units: [[first, first]], status: 'done', outcome: 'ok' });
    }
    expect(ready(READY_QUEUE)).toHaveLength(count);
    // Large ranges are changed by single statements.
    apply('torc', 'UnitsMoved', { units: [[0, last]], status: 'done', outcome: 'error' });
    apply('torc', 'UnitsMoved', { units: [[1, last]], status: 'ready' });
    expect(ready(READY_QUEUE)).not.toContain(`${group.prefix}00000001`);
    apply('torc', 'UnitsMoved', { units: [[0, last]], status: 'done', outcome: 'ok' });
    apply('torc', 'UnitsMoved', { units: [[1, 1]], status: 'ready' });
    expect(ready(READY_QUEUE)).toEqual([`${group.prefix}00000001`]);
  });

  it('never depend on units of the other dialect', () => {
    add('iceprod', 0, { unit_id: 'same', status: 'complete' });
    add('torc', 0, { unit_id: 'child', depends: ['same'] });
    expect(unit('torc', 'child').row.open_deps).toBe(1);
    add('torc', 1, { unit_id: 'same', status: 'running' });
    apply('torc', 'UnitSucceeded', { units: [[1, 1]], status: 'done', outcome: 'ok' });
    expect(unit('torc', 'child').row.open_deps).toBe(0);
  });

  it("are changed by their own dialect's events only", () => {
    add('iceprod', 0, { status: 'waiting' });
    add('torc', 0, {});
    apply('torc', 'PriorityRaised', { units: [[0, 0]] });
    expect([unit('torc', '0').unit.priority, unit('iceprod', '0').unit.priority]).toEqual([2, 1]);
  });

  it('are not counted or listed as tasks of IceProd', () => {
    add('iceprod', 0, { unit_id: 'task', status: 'waiting' });
    add('torc', 0, { unit_id: 'job', status: 'waiting' });
    add('torc', 1, { unit_id: 'done', status: 'complete' });
    writer.flush?.();
    const { reader } = projection.store;
    const counts = new TaskCounts(reader);
    expect(counts.count({})).toEqual({ document: '{"waiting":1}' });
    expect(counts.count({ dataset_id: '1' })).toEqual({ document: '{"waiting":1}' });
    expect(counts.total(reader.words.status.findAll('iceprod', ['waiting', 'complete']))).toBe(1);
  });
});
