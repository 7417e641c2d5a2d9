import { DatabaseSync } from 'node:sqlite';
import { DomainError } from '#platform/domain-error.js';
import { TASK_STATUSES } from '#contracts/iceprod/statuses.js';
import type { Ranges } from '#contracts/work-events.js';
import type { DecidedEvent, Decision, SlicedDecision } from '#event-sourcing/command.js';
import { ReadyHeap } from '../../../engine/ready-heap.js';
import type { ReadyUnits } from '../../../engine/ready.js';
import type { Unit } from '../../../engine/unit.js';
import { datasetProjection } from '../../dataset/dataset-projection.js';
import { iceprodUnits } from '../../testing/iceprod-units.js';
import { PILOT_QUEUE, WAITING_QUEUE } from '../../status-table.js';
import { ordinalOfKey, workloadOfKey } from '../../../workload/member-key.js';
import { WorkloadProjection } from '../../../workload/workload-projection.js';
import { ClaimMatcher } from '../claim.js';
import { taskDocument } from '../document.js';
import { SqliteTaskView } from '../sqlite-view.js';
import { TaskStatisticsQuery } from '../statistics.js';
import { TaskCounts } from '../task-counts.js';
import type { TaskView } from '../view.js';
import { MemoryView } from './memory-view.js';
import { finished } from './task-spec.js';
import { ICEPROD } from '../../streams.js';

const START_MICROS = 1_767_225_600_000_000;

/** Datasets that commands are about. */
export const DATASETS = ['d', 'e'];

type Decide = (view: TaskView, timeMicros: number) => Decision<unknown> | SlicedDecision<unknown>;

/** A command on existing tasks. */
export type Step = (ids: readonly string[], matcher: ClaimMatcher) => Decide;

/** The tables, and a simple model with the expected content. */
export class TaskModel {
  readonly database = new DatabaseSync(':memory:');
  readonly units = iceprodUnits();
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
    for (const projection of [workloads, datasetProjection, this.units])
      this.database.exec(projection.tables + projection.indexes);
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
  replayed(): TaskModel {
    const replay = new TaskModel();
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

  /** Between two transactions. */
  forget(): void {
    this.writer.flush?.();
    this.writer.forget();
  }

  /** Everything that answers are made from. */
  shown(view: TaskView = this.view) {
    this.writer.flush?.();
    const ids = this.ids();
    const reader = this.units.store.reader;
    const counts = new TaskCounts(reader);
    return {
      documents: ids.map((id) => taskDocument(view.unit(id) ?? fail(id))),
      open: ids.map((id) => reader.byId(ICEPROD, id)?.row.open_deps),
      touched: ids.map((id) => reader.byId(ICEPROD, id)?.row.touched),
      counts: SCOPES.map((scope) => counted(counts.count(scope))),
      gpus: SCOPES.map((scope) => counted(counts.count({ ...scope, gpu: true }))),
      names: DATASETS.map((dataset_id) => counts.countByName(dataset_id)),
      ready: [WAITING_QUEUE, PILOT_QUEUE].map((queue) => readyIds(this.units.store.ready, queue)),
    };
  }

  /** What `GET /datasets/{dataset_id}/task_stats` answers. */
  async statistics(): Promise<unknown[]> {
    this.writer.flush?.();
    const { reader } = this.units.store;
    const query = new TaskStatisticsQuery(reader, new TaskCounts(reader));
    return Promise.all(
      DATASETS.map(async (datasetId) => JSON.parse((await query.statistics(datasetId)).document) as unknown),
    );
  }

  /** The same, computed from all tasks of the model. */
  expectedStatistics(): unknown[] {
    const done = [...this.memory.units.values()].filter((unit) => unit.status === 'complete');
    return DATASETS.map((datasetId) => {
      const listed = done.filter((unit) => unit.workload === datasetId);
      const names = [...new Set(listed.map((unit) => unit.name))];
      return Object.fromEntries(names.map((word) => [word, statisticsOf(listed.filter((unit) => unit.name === word))]));
    });
  }

  /** The same from the simple model. */
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
      counts: SCOPES.map((scope) => count((unit) => isIn(scope, unit))),
      gpus: SCOPES.map((scope) => count((unit) => isIn(scope, unit) && isGpu(unit.requirements))),
      ready: [WAITING_QUEUE, PILOT_QUEUE].map((queue) => readyIds(this.memory, queue)),
    };
  }

  private lastNamed(id: string): number | undefined {
    const { workloads } = this.units.store.reader;
    const key = this.units.store.reader.keyOf(ICEPROD, id) ?? -1;
    return this.named.get(`${workloads.workStreamOf(workloadOfKey(key))} ${ordinalOfKey(key)}`);
  }
}

/** What is counted: all tasks, and those of each dataset. */
const SCOPES: readonly { readonly dataset_id?: string }[] = [{}, ...DATASETS.map((dataset_id) => ({ dataset_id }))];

const isIn = ({ dataset_id: datasetId }: (typeof SCOPES)[number], { workload }: Unit): boolean =>
  datasetId === undefined || datasetId === workload;

const counted = (answer: { readonly document: string } | DomainError): unknown =>
  answer instanceof DomainError ? answer : (JSON.parse(answer.document) as unknown);

const near = (value: number): unknown => expect.closeTo(value, 9) as unknown;

/** Contract 7.5, computed directly. */
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

const readyIds = (ready: ReadyUnits, queue: string): string[] => {
  const heap = new ReadyHeap(ready, [...ready.classes(queue)], 3);
  const ids: string[] = [];
  for (let entry = heap.next(); entry !== undefined; entry = heap.next()) ids.push(entry.id);
  return ids;
};
