import { DatabaseSync } from 'node:sqlite';
import fc from 'fast-check';
import { DomainError } from '#platform/domain-error.js';
import { TASK_STATUSES } from '#contracts/iceprod/statuses.js';
import type { Ranges } from '#contracts/work-events.js';
import type { DecidedEvent, Decision } from '#projection/command.js';
import { IceprodUnits } from '../iceprod/iceprod-units.js';
import { PILOT_LANE, WAITING_LANE } from '../iceprod/status-table.js';
import { addTask, addTasks, bulkIds, taskId } from '../task/add.js';
import { amendTask } from '../task/amend.js';
import { actOnTasks, setRequirements, setTasksStatus } from '../task/bulk.js';
import { ClaimMatcher, claimTasks, queueTasks } from '../task/claim.js';
import { taskDocument } from '../task/document.js';
import { promoteTasks, setTaskStatus } from '../task/move.js';
import { reportTask } from '../task/report.js';
import { SqliteTaskView } from '../task/sqlite-view.js';
import { TaskStatisticsQuery } from '../task/statistics.js';
import { TaskCounts } from '../task/task-counts.js';
import { MemoryView } from '../task/testing/memory-view.js';
import { finished } from '../task/testing/task-spec.js';
import type { SlicedDecision, TaskView } from '../task/view.js';
import { WorkloadProjection } from '../workload/workload-projection.js';
import { ReadyHeap } from './ready-heap.js';
import type { ReadyUnits } from './ready.js';
import { ordinalOfKey, type Unit, workloadOfKey } from './unit.js';

const START_MICROS = 1_767_225_600_000_000;
const DATASETS = ['d', 'e'];

type Decide = (view: TaskView, timeMicros: number) => Decision<unknown> | SlicedDecision<unknown>;
/** A command on tasks that are there: picked by number, whatever their ids. */
type Step = (ids: readonly string[], matcher: ClaimMatcher) => Decide;

/** The tables, and beside them the plainest model of what they should hold. */
class Model {
  readonly database = new DatabaseSync(':memory:');
  readonly units = new IceprodUnits();
  readonly memory = new MemoryView();
  readonly view: SqliteTaskView;
  readonly matcher = new ClaimMatcher();
  private readonly writer;
  private readonly log: { event: DecidedEvent; timeMicros: number }[] = [];
  /** When an event last named a unit, by stream and ordinal. */
  private readonly named = new Map<string, number>();
  private clockMicros = START_MICROS;

  constructor() {
    const workloads = new WorkloadProjection();
    for (const projection of [workloads, this.units]) this.database.exec(projection.tables + projection.indexes);
    this.writer = this.units.attach(this.database);
    this.view = new SqliteTaskView(this.units.store);
  }

  ids(): string[] {
    return [...this.memory.units.values()].map(({ id }) => id);
  }

  run(step: Step): void {
    const timeMicros = (this.clockMicros += 1000);
    const decide = step(this.ids(), this.matcher);
    const decision = finished(decide(this.view, timeMicros));
    if (decision instanceof DomainError) return;
    for (const event of decision.events) {
      if (event.type === 'GroupsAdded') continue;
      this.log.push({ event, timeMicros });
      this.apply(event, timeMicros);
      this.memory.apply(event, timeMicros);
      for (const [first, last] of (event.data as { readonly units: Ranges }).units) {
        for (let at = first; at <= last; at += 1) this.named.set(`${event.stream} ${at}`, timeMicros);
      }
    }
  }

  /** The same events once more, into empty tables, the streams one after the other. */
  replayed(): Model {
    const replay = new Model();
    const streams = [...new Set(this.log.map(({ event }) => event.stream))].sort().reverse();
    for (const stream of streams) {
      for (const { event, timeMicros } of this.log) if (event.stream === stream) replay.apply(event, timeMicros);
    }
    return replay;
  }

  apply({ stream, type, data }: DecidedEvent, timeMicros: number): void {
    const metadata = {
      timeMicros,
      actor: 'a',
      dialect: 'iceprod',
      correlationId: '',
      causationId: '',
      schemaVersion: 1,
    };
    const event = JSON.parse(JSON.stringify(data)) as Record<string, unknown>;
    const work = this.writer.apply({ stream, revision: 0, id: '', type, data: event, metadata });
    if (work !== undefined) while (work.next().done !== true);
  }

  forget(): void {
    this.writer.forget();
  }

  /** Everything that answers are made from. */
  shown(view: TaskView = this.view) {
    const ids = this.ids();
    const reader = this.units.store.reader;
    const counts = new TaskCounts(reader);
    return {
      documents: ids.map((id) => taskDocument(view.unit(id) ?? fail(id))),
      open: ids.map((id) => reader.byId(id)?.row.open_deps),
      touched: ids.map((id) => reader.byId(id)?.row.touched),
      counts: DATASETS.map((dataset_id) => counts.count({ dataset_id })),
      gpus: DATASETS.map((dataset_id) => counts.count({ dataset_id, gpu: true })),
      names: DATASETS.map((dataset_id) => counts.countByName(dataset_id)),
      ready: [WAITING_LANE, PILOT_LANE].map((lane) => readyIds(this.units.store.ready, lane)),
    };
  }

  /** What `GET /datasets/{dataset_id}/task_stats` answers. */
  async statistics(): Promise<unknown[]> {
    const { reader } = this.units.store;
    const query = new TaskStatisticsQuery(reader, new TaskCounts(reader));
    return Promise.all(
      DATASETS.map(async (datasetId) => JSON.parse((await query.statistics(datasetId)).document) as unknown),
    );
  }

  /** The same, counted afresh. */
  expectedStatistics(): unknown[] {
    const done = [...this.memory.units.values()].filter((unit) => unit.status === 'complete');
    return DATASETS.map((datasetId) => {
      const listed = done.filter((unit) => unit.workload === datasetId);
      const names = [...new Set(listed.map((unit) => unit.name))];
      return Object.fromEntries(names.map((word) => [word, statisticsOf(listed.filter((unit) => unit.name === word))]));
    });
  }

  /** The same from the plain model. */
  expected(ids: readonly string[] = this.ids()) {
    const units = ids.map((id) => this.memory.unit(id) ?? fail(id));
    const count = (accepts: (unit: (typeof units)[number]) => boolean): Record<string, number> => {
      const words = [...TASK_STATUSES, ...new Set(units.map(({ status }) => status))];
      const counted = [...new Set(words)].map((word) => [
        word,
        units.filter((u) => accepts(u) && u.status === word).length,
      ]);
      return Object.fromEntries(counted.filter(([, n]) => n !== 0)) as Record<string, number>;
    };
    const isGpu = (requirements: string): boolean => ((JSON.parse(requirements) as { gpu?: number }).gpu ?? 0) >= 1;
    return {
      documents: units.map(taskDocument),
      open: units.map((unit) => this.memory.openDependencies(unit)),
      touched: ids.map((id) => this.lastNamed(id)),
      counts: DATASETS.map((dataset) => count((unit) => unit.workload === dataset)),
      gpus: DATASETS.map((dataset) => count((unit) => unit.workload === dataset && isGpu(unit.requirements))),
      ready: [WAITING_LANE, PILOT_LANE].map((lane) => readyIds(this.memory, lane)),
    };
  }

  private lastNamed(id: string): number | undefined {
    const { workloads } = this.units.store.reader;
    const key = this.units.store.reader.keyOf(id) ?? -1;
    return this.named.get(`${workloads.workStreamOf(workloadOfKey(key))} ${ordinalOfKey(key)}`);
  }
}

const near = (value: number): unknown => expect.closeTo(value, 9) as unknown;

/** Contract 7.5, by the plainest means. */
const statisticsOf = (units: readonly Unit[]): object => {
  const sum = (of: (unit: Unit) => number): number => units.reduce((total, unit) => total + of(unit), 0);
  const hours = units.map((unit) => unit.walltimeHours);
  const [total, totalErr] = [sum((unit) => unit.walltimeHours), sum((unit) => unit.walltimeErrHours)];
  const mean = total / units.length;
  const variance = sum((unit) => (unit.walltimeHours - mean) ** 2) / (units.length - 1);
  return {
    count: units.length,
    gpu: sum((unit) => (JSON.parse(unit.requirements) as { gpu?: number }).gpu ?? 0),
    total_hrs: near(total),
    total_err_hrs: near(totalErr),
    avg_hrs: near(mean),
    stddev_hrs: units.length === 1 ? null : near(Math.sqrt(variance)),
    min_hrs: Math.min(...hours),
    max_hrs: Math.max(...hours),
    efficiency: total + totalErr === 0 ? 0 : near(total / (total + totalErr)),
  };
};

const fail = (id: string): never => {
  throw new Error(`No task ${id}`);
};

const readyIds = (ready: ReadyUnits, lane: number): string[] => {
  const heap = new ReadyHeap(ready, [...ready.classes(lane)], 3);
  const ids: string[] = [];
  for (let entry = heap.next(); entry !== undefined; entry = heap.next()) ids.push(entry.id);
  return ids;
};

const parsed = (answers: readonly ({ readonly document: string } | DomainError)[]): unknown[] =>
  answers.map((answer) => (answer instanceof DomainError ? answer : (JSON.parse(answer.document) as unknown)));

const number = fc.nat({ max: 30 });
const dataset = fc.constantFrom(...DATASETS);
// What completes and what may be claimed is where the work is.
const status = fc.constantFrom(...TASK_STATUSES, 'complete' as const, 'complete' as const, 'waiting' as const);
const requirements = fc.constantFrom('{}', '{"memory":4.0}', '{"gpu":1,"memory":2.50}', '{"gpu":0}');
const priority = fc.constantFrom(0, 0.5, 1);
const name = fc.constantFrom('n0', 'n1', '__proto__');
const some = fc.array(number, { minLength: 1, maxLength: 12 });
const pick = (ids: readonly string[], at: number): string => ids[at % Math.max(1, ids.length)] ?? 'nobody';
const ticketOf = (view: TaskView, id: string) => view.unit(id)?.instance ?? '';

const single = fc
  .record({ dataset_id: dataset, name, status, priority, requirements, depends: fc.array(number, { maxLength: 3 }) })
  .map(({ depends, ...given }): Step => (ids) => (view, timeMicros) => {
    const request = { ...given, job_id: `j${depends.length}`, task_index: depends.length, job_index: 0 };
    // Some depend on tasks that are not there, as when another stream is ahead.
    const blockers = depends.map((at) => (at > 25 ? `later-${at}` : pick(ids, at)));
    return addTask(view, { ...request, depends: blockers }, taskId(given.dataset_id, timeMicros));
  });

const grid = fc
  .record({ dataset_id: dataset, count: fc.integer({ min: 1, max: 8 }), requirements, status })
  .map(({ dataset_id, count, requirements: wanted, status: start }): Step => () => (view, timeMicros) => {
    const tasks = [
      { name: 'n0', depends: [], requirements: wanted, status: start },
      { name: 'n1', depends: [0], requirements: '{"memory":1}', status: 'waiting' },
      { name: 'n2', depends: [0, 1], requirements: wanted, priority: 0.5 },
    ];
    const jobs = { streamOf: () => `work-iceprod.main.${dataset_id}`, nextOrdinal: () => 0 };
    const request = { dataset_id, first_job_index: 0, count, tasks };
    return addTasks(view, jobs, request, bulkIds(dataset_id, timeMicros));
  });

const claim = fc
  .record({
    mode: fc.constantFrom('queue' as const, 'queue_many' as const, 'process' as const),
    num: fc.integer({ min: 1, max: 6 }),
    requirements: fc.constantFrom('{}', '{"memory":3,"site":"S"}', '{"gpu":1}', '{"gpu":0}'),
    query_params: fc.constantFrom('{}', '{"dataset_id":"d"}', '{"priority":0.5}', '{"instance_id":"given"}'),
    dataset_deprio: fc.subarray(DATASETS),
  })
  .map(
    (request): Step =>
      (_, matcher) =>
      (view, timeMicros) =>
        claimTasks(view, matcher, request, `i${timeMicros}`, timeMicros),
  );

const report = fc
  .record({
    at: number,
    report: fc.constantFrom('processing' as const, 'reset' as const, 'failed' as const, 'complete' as const),
    site: fc.option(fc.constantFrom('S', 'T'), { nil: undefined }),
    resources: fc.option(fc.constantFrom('{"time":1.5,"memory":5}', '{"cpu":3.5}'), { nil: undefined }),
    time_used: fc.option(fc.nat(9000), { nil: undefined }),
  })
  .map(({ at, ...rest }): Step => (ids) => (view) => {
    const id = pick(ids, at);
    const request = Object.fromEntries(Object.entries(rest).filter(([, value]) => value !== undefined));
    return reportTask(view, {
      ...(request as typeof rest & object),
      task_id: id,
      instance_id: ticketOf(view, id),
    } as never);
  });

const amend = fc
  .tuple(
    number,
    fc.constantFrom(
      '{"status":"melted"}',
      '{"dataset_id":"e","priority":0.25}',
      '{"dataset_id":"d"}',
      '{"requirements.gpu":2,"note.a":{"b":1.0}}',
      '{"instance_id":"given","status":"waiting"}',
      '{"depends":[]}',
      '{"name":"n9","task_index":7}',
      '{"status":"complete","status_changed":"2026-01-01T00:00:00.000001"}',
      '{"job_id":"moved","failures":3}',
      '{"walltime":2.1,"walltime_err":0.1}',
      '{"status":"complete","walltime":0.3}',
    ),
  )
  .map(
    ([at, fields]): Step =>
      (ids) =>
      (view, timeMicros) =>
        amendTask(view, { task_id: pick(ids, at), fields }, timeMicros),
  );

const depend = fc.tuple(number, some).map(
  ([at, blockers]): Step =>
    (ids) =>
    (view, timeMicros) =>
      amendTask(
        view,
        { task_id: pick(ids, at), fields: JSON.stringify({ depends: blockers.map((b) => pick(ids, b)) }) },
        timeMicros,
      ),
);

const put = fc.tuple(number, status).map(
  ([at, to]): Step =>
    (ids) =>
    (view) =>
      setTaskStatus(view, { task_id: pick(ids, at), status: to }),
);

const promote = some.map(
  (at): Step =>
    (ids) =>
    (view) =>
      promoteTasks(view, { task_ids: at.map((a) => pick(ids, a)) }),
);

const force = fc
  .tuple(fc.array(number, { minLength: 1, maxLength: 40 }), fc.constantFrom(...TASK_STATUSES, 'reset'))
  .map(
    ([at, to]): Step =>
      (ids) =>
      (view) =>
        setTasksStatus(view, { tasks: at.map((a) => pick(ids, a)), status: to }),
  );

const act = fc
  .record({
    dataset_id: dataset,
    action: fc.constantFrom('suspend' as const, 'reset' as const, 'hard_reset' as const),
    jobs: fc.option(fc.constant(['j1', 'moved']), { nil: undefined, freq: 4 }),
  })
  .map(
    ({ jobs, ...request }): Step =>
      () =>
      (view) =>
        actOnTasks(view, { ...request, ...(jobs && { jobs }) }),
  );

const everything = fc.tuple(dataset, status).map(
  ([datasetId, to]): Step =>
    (ids) =>
    (view) =>
      setTasksStatus(view, { dataset_id: datasetId, tasks: ids.length === 0 ? ['nobody'] : ids, status: to }),
);

const require = fc
  .record({
    dataset_id: dataset,
    name,
    mode: fc.constantFrom('merge' as const, 'replace' as const),
    requirements: fc.constantFrom('{"gpu":1}', '{"memory":3,"os":["a"]}', '{"os":[],"gpu":0}'),
  })
  .map(
    (request): Step =>
      () =>
      (view) =>
        setRequirements(view, request),
  );

const queue = fc.tuple(fc.integer({ min: 0, max: 5 }), fc.constantFrom({}, { d: 2, e: 5 })).map(
  ([num_tasks, dataset_prio]): Step =>
    () =>
    (view) =>
      queueTasks(view, { num_tasks, dataset_prio }),
);

const step = fc.oneof(
  { arbitrary: single, weight: 5 },
  { arbitrary: grid, weight: 3 },
  { arbitrary: claim, weight: 4 },
  { arbitrary: report, weight: 4 },
  { arbitrary: everything, weight: 6 },
  { arbitrary: act, weight: 4 },
  ...[amend, depend, put, promote, force, require, queue].map((arbitrary) => ({
    arbitrary,
    weight: 2,
  })),
);

describe('the projection of units', () => {
  it('holds after any commands what the events say, and the same when they are replayed', async () => {
    await fc.assert(
      fc.asyncProperty(
        grid,
        single,
        fc.array(step, { maxLength: 20, size: 'max' }),
        fc.boolean(),
        async (first, second, rest, forgets) => {
          const steps = [first, second, ...rest];
          const model = new Model();
          for (const [at, each] of steps.entries()) {
            model.run(each);
            // A rollback drops everything in memory; nothing may hang on it.
            if (forgets && at % 5 === 4) model.forget();
          }
          const shown = model.shown();
          const expected = model.expected();
          expect(shown.documents).toEqual(expected.documents);
          expect(shown.open).toEqual(expected.open);
          expect(shown.touched).toEqual(expected.touched);
          expect(parsed(shown.counts)).toEqual(expected.counts);
          expect(parsed(shown.gpus)).toEqual(expected.gpus);
          expect(shown.ready).toEqual(expected.ready);
          expect(await model.statistics()).toEqual(model.expectedStatistics());
          const replayed = model.replayed();
          for (const [key, unit] of model.memory.units) replayed.memory.units.set(key, unit);
          expect(replayed.shown()).toEqual(shown);
          expect(await replayed.statistics()).toEqual(model.expectedStatistics());
          model.database.close();
          replayed.database.close();
        },
      ),
      { numRuns: 250 },
    );
  });

  it('wipes out in whole ranges what a hard reset wipes out in one task', () => {
    const model = new Model();
    model.run(() => (view, timeMicros) => {
      const tasks = [{ name: 'n', depends: [], requirements: '{}', status: 'waiting' }];
      const jobs = { streamOf: () => 'work-iceprod.main.d', nextOrdinal: () => 0 };
      return addTasks(view, jobs, { dataset_id: 'd', first_job_index: 0, count: 20, tasks }, bulkIds('d', timeMicros));
    });
    const fields = '{"failures":2,"site":"S","instance_id":"i","walltime_err":1.5}';
    for (const task_id of model.ids()) model.run(() => (view, now) => amendTask(view, { task_id, fields }, now));
    model.run(() => (view) => actOnTasks(view, { dataset_id: 'd', action: 'hard_reset' }));
    const { documents } = model.shown();
    expect(documents).toEqual(model.expected().documents);
    expect(JSON.parse(documents[19] ?? '')).toMatchObject({
      ...{ status: 'idle', failures: 0, site: '', instance_id: '', walltime_err: 1.5 },
    });
  });
});
