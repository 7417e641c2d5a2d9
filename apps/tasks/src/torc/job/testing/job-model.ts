import { DatabaseSync } from 'node:sqlite';
import type { JobReplaced, JobsAdded } from '#contracts/torc/events.js';
import type { SortMethod } from '#contracts/torc/jobs.js';
import { isFinal, JOB_STATUSES } from '#contracts/torc/statuses.js';
import type { Ranges, UnitsLinked } from '#contracts/work-events.js';
import type { Projection } from '#event-sourcing/projection.js';
import { finished } from '#event-sourcing/testing/finished.js';
import { evolve } from '../../../engine/evolve.js';
import { Policies } from '../../../engine/policies.js';
import { NO_RUNS, runTimesOf } from '../../../engine/run-times.js';
import { ReadyWalk } from '../../../engine/ready-walk.js';
import { UNIT_CHANGE_TYPES, type UnitEvent } from '../../../engine/unit-event.js';
import { UnitProjection } from '../../../engine/unit-projection.js';
import type { Unit } from '../../../engine/unit.js';
import { keyOf, ordinalOfKey } from '../../../workload/member-key.js';
import { WorkloadProjection } from '../../../workload/workload-projection.js';
import { CLAIM_ORDERS } from '../../graph/claim-order.js';
import { torcPolicy } from '../../policy.js';
import { phaseOf, READY_QUEUE, satisfies } from '../../status-table.js';
import { TORC, workStream } from '../../streams.js';
import type { Job, Workflow } from '../../view.js';
import { addedJobs } from '../added-jobs.js';
import { torcJobProjection } from '../job-projection.js';
import { recentJobs } from '../job-rows.js';
import { Jobs } from '../jobs.js';
import { requirementsOf } from '../requirements.js';

interface Event {
  readonly type: string;
  readonly data: object;
}

/** Makes an event from what is there. */
export type Step = (model: JobModel) => Event | undefined;

/** What only Torc keeps of a job. */
type Own = Omit<Job, 'ordinal' | 'status' | 'outcome' | 'unit' | 'openBlockers'>;

const EVERYTHING = [1e9, 1e9, 1e15, 1e9, 1e9];

const STREAM = workStream('w');
const WORKLOAD = 1;
const WORKFLOW = { key: 'w', workload: WORKLOAD, stream: STREAM } as Workflow;

const isChange = (type: string): boolean =>
  UNIT_CHANGE_TYPES.includes(type) || ['JobReplaced', 'JobsInitialized'].includes(type);

/** The tables, and a simple model with the expected content: jobs one by one, changed by `evolve`. */
export class JobModel {
  readonly units = new Map<number, Unit>();
  /** As `blocker dependent`. */
  readonly edges = new Set<string>();
  private readonly own = new Map<number, Own>();
  private readonly touched = new Map<number, number>();
  private readonly database = new DatabaseSync(':memory:');
  private readonly projection = new UnitProjection(new Policies({ torc: torcPolicy }));
  private readonly writers;
  private readonly jobs: Jobs;
  private readonly log: Event[] = [];
  private newest = 0;

  constructor() {
    const projections: Projection[] = [new WorkloadProjection(), this.projection, torcJobProjection];
    for (const { tables, indexes } of projections) this.database.exec(tables + indexes);
    this.writers = projections.map((projection) => ({ projection, writer: projection.attach(this.database) }));
    this.jobs = new Jobs(this.projection.store.reader, this.projection.store, recentJobs(this.database));
  }

  nextOrdinal(): number {
    return this.newest + 1;
  }

  apply(step: Step): void {
    const event = step(this);
    if (event === undefined) return;
    this.log.push(event);
    // Deciders have read what an event changes.
    for (const ordinal of this.units.keys()) this.jobs.jobAt(WORKFLOW, ordinal);
    this.write(event, this.log.length);
    this.predict(event, this.log.length);
  }

  /** Between two transactions. */
  forget(): void {
    this.flush();
    for (const { writer } of this.writers) writer.forget();
  }

  close(): void {
    this.database.close();
  }

  private flush(): void {
    for (const { writer } of this.writers) writer.flush?.();
  }

  /** The same events once more, into empty tables. */
  replayed(): JobModel {
    const replay = new JobModel();
    for (const [at, event] of this.log.entries()) replay.write(event, at + 1);
    for (const [ordinal, unit] of this.units) replay.units.set(ordinal, unit);
    return replay;
  }

  /** Everything that deciders and answers are made from. */
  shown() {
    this.flush();
    const { reader } = this.projection.store;
    const ordinals = [...this.units.keys()];
    const jobs = [...this.jobs.jobs(WORKFLOW)];
    return {
      jobs,
      found: jobs.map(({ key }) => this.jobs.job(WORKFLOW, key)),
      at: ordinals.map((ordinal) => this.jobs.jobAt(WORKFLOW, ordinal)),
      states: [...this.jobs.states(WORKFLOW)],
      stateAt: ordinals.map((ordinal) => this.jobs.stateAt(WORKFLOW, ordinal)),
      dependents: ordinals.map((ordinal) => this.jobs.dependents(WORKFLOW, ordinal).map((state) => state.ordinal)),
      touched: ordinals.map((ordinal) => reader.byKey(keyOf(WORKLOAD, ordinal))?.row.touched),
      ofStatus: JOB_STATUSES.map((status) => [...this.jobs.jobsOfStatus(WORKFLOW, status)]),
      countOfStatus: JOB_STATUSES.map((status) => this.jobs.countOfStatus(WORKFLOW, status)),
      counts: this.shownCounts(),
      runs: this.shownRuns(),
      ready: this.shownReady(),
      orders: this.shownOrders(),
      rest: ['torc_job', 'torc_job_document', 'unit'].map((table) => this.sizeOf(table)),
    };
  }

  /** The same from the model. */
  expected(): ReturnType<JobModel['shown']> {
    const ordinals = [...this.units.keys()].sort((one, other) => one - other);
    const jobs = ordinals.map((ordinal) => this.jobOf(ordinal));
    const states = jobs.map(({ ordinal, status, openBlockers, cancelsOnBlockingJobFailure }) => ({
      ...{ ordinal, status, openBlockers, cancelsOnBlockingJobFailure },
    }));
    const ofStatus = JOB_STATUSES.map((status) => jobs.filter((job) => job.status === status));
    return {
      ...{ jobs, found: jobs, at: jobs, states, stateAt: states, ofStatus },
      dependents: ordinals.map((ordinal) => this.dependentsOf(ordinal)),
      touched: ordinals.map((ordinal) => this.touched.get(ordinal)),
      countOfStatus: ofStatus.map((of) => of.length),
      counts: this.expectedCounts(jobs),
      runs: this.expectedRuns(jobs),
      ready: this.expectedReady(),
      orders: this.expectedOrders(),
      rest: [jobs.length, jobs.length, jobs.length],
    };
  }

  /** Keys of ready units by class, in their order. */
  shownReady(): Record<string, number[]> {
    const { ready } = this.projection.store;
    const classes: Record<string, number[]> = {};
    for (const each of ready.classes(READY_QUEUE)) {
      const head = ready.head(each);
      if (head === undefined) continue;
      const keys = [head, ...ready.entries(each, head, 1000)].map(({ key }) => ordinalOfKey(key));
      classes[className(each)] = keys;
    }
    return classes;
  }

  expectedReady(): Record<string, number[]> {
    const waiting = [...this.units].filter(([, unit]) => torcPolicy.queueOf(unit.status, false) !== undefined);
    const classes: Record<string, number[]> = {};
    for (const [ordinal, unit] of waiting.sort(([a, one], [b, other]) => other.priority - one.priority || a - b)) {
      const [isBlocked, isLeased] = [this.openBlockers(ordinal) > 0, unit.leaseId !== ''];
      (classes[className({ ...unit, isBlocked, isLeased })] ??= []).push(ordinal);
    }
    return classes;
  }

  /** Ready jobs in the order of each kind of claim. */
  shownOrders(): number[][] {
    const { ready } = this.projection.store;
    return Object.values(CLAIM_ORDERS).map((order) => {
      const index = finished(ready.inOrder(READY_QUEUE, WORKFLOW.key, order));
      const walk = new ReadyWalk(ready, index, { left: () => EVERYTHING, accepts: () => true });
      const ordinals: number[] = [];
      for (let next = walk.take(); next !== undefined; next = walk.take()) ordinals.push(ordinalOfKey(next.entry.key));
      return ordinals;
    });
  }

  expectedOrders(): number[][] {
    const waiting = [...this.units.values()].filter(({ status }) => torcPolicy.queueOf(status, false) !== undefined);
    const needs = (unit: Unit) => requirementsOf(unit.requirements);
    const orders: Record<SortMethod, (one: Unit, other: Unit) => number> = {
      gpus_runtime_memory: (one, other) =>
        needs(other).num_gpus - needs(one).num_gpus ||
        needs(other).runtime_seconds - needs(one).runtime_seconds ||
        needs(other).memory_bytes - needs(one).memory_bytes,
      gpus_memory_runtime: (one, other) =>
        needs(other).num_gpus - needs(one).num_gpus ||
        needs(other).memory_bytes - needs(one).memory_bytes ||
        needs(other).runtime_seconds - needs(one).runtime_seconds,
      none: () => 0,
    };
    return Object.values(orders).map((compare) =>
      [...waiting]
        .sort((one, other) => other.priority - one.priority || compare(one, other) || one.key - other.key)
        .map(({ key }) => ordinalOfKey(key)),
    );
  }

  private write({ type, data }: Event, at: number): void {
    const metadata = {
      ...{ timeMicros: at, actor: 'a', dialect: TORC, correlationId: '', causationId: '', schemaVersion: 1 },
    };
    const facts = JSON.parse(JSON.stringify(data)) as Record<string, unknown>;
    for (const { projection, writer } of this.writers) {
      if (!projection.eventTypes?.includes(type)) continue;
      const work = writer.apply({ stream: STREAM, revision: at, id: '', type, data: facts, metadata });
      if (work !== undefined) while (work.next().done !== true);
    }
  }

  private predict({ type, data }: Event, at: number): void {
    if (type === 'JobsAdded') this.predictAdded(data as JobsAdded, at);
    else if (type === 'UnitsLinked') for (const link of (data as UnitsLinked).links) this.edges.add(link.join(' '));
    else if (type === 'UnitsUnlinked')
      for (const link of (data as UnitsLinked).links) this.edges.delete(link.join(' '));
    for (const ordinal of ordinalsOf(data as { readonly units: Ranges })) {
      const unit = this.units.get(ordinal);
      if (unit === undefined) continue;
      this.touched.set(ordinal, at);
      if (isChange(type)) {
        this.units.set(ordinal, evolve(unit, { type, data, timeMicros: at } as UnitEvent, torcPolicy));
        this.predictOwn(ordinal, type, data);
      } else if (type === 'UnitsRemoved') {
        this.units.delete(ordinal);
        for (const edge of [...this.edges]) if (edge.split(' ').includes(String(ordinal))) this.edges.delete(edge);
      }
    }
  }

  private predictAdded(data: JobsAdded, at: number): void {
    for (const [index, unit] of [...addedJobs(WORKLOAD, data, at)].entries()) {
      const job = data.jobs[index];
      const ordinal = ordinalOfKey(unit.key);
      if (job === undefined) continue;
      this.newest = Math.max(this.newest, ordinal);
      this.units.set(ordinal, unit);
      this.own.set(ordinal, {
        ...{ key: job.key ?? String(ordinal), writes: 1, document: job.document, inputHash: job.hash ?? 0 },
        ...{ requestDigest: undefined, completeDigest: undefined, resultRunId: undefined },
        cancelsOnBlockingJobFailure: !job.document.includes('failure":false'),
      });
    }
  }

  private predictOwn(ordinal: number, type: string, data: Partial<Record<string, unknown>>): void {
    const own = this.own.get(ordinal);
    if (own === undefined) return;
    const result = data['result'] as { readonly document: string } | undefined;
    const job = type === 'JobReplaced' ? (data as object as JobReplaced).job : undefined;
    const status = job?.status ?? (data['status'] as string | undefined);
    const keepsResult = status === undefined || isFinal(status);
    this.own.set(ordinal, {
      ...own,
      writes: own.writes + 1,
      requestDigest: result === undefined ? (data['request_digest'] as string | undefined) : undefined,
      resultRunId: keepsResult ? own.resultRunId : undefined,
      ...(job !== undefined && {
        document: job.document,
        inputHash: job.hash ?? own.inputHash,
        cancelsOnBlockingJobFailure: !job.document.includes('failure":false'),
      }),
      ...(result !== undefined && {
        resultRunId: (JSON.parse(result.document) as { readonly run_id: number }).run_id,
        inputHash: Number(data['input_hash']),
        completeDigest: String(data['request_digest']),
      }),
    });
  }

  private jobOf(ordinal: number): Job {
    const [unit, own] = [this.units.get(ordinal), this.own.get(ordinal)];
    if (unit === undefined || own === undefined) throw new Error(`No job ${ordinal}`);
    const { status, outcome } = unit;
    return {
      ...own,
      ordinal,
      status: status as Job['status'],
      outcome,
      unit,
      openBlockers: this.openBlockers(ordinal),
    };
  }

  private openBlockers(ordinal: number): number {
    const blockers = [...this.edges].map((edge) => edge.split(' ').map(Number)).filter(([, to]) => to === ordinal);
    return blockers.filter(([from = 0]) => !satisfies(this.units.get(from)?.status ?? '')).length;
  }

  private dependentsOf(ordinal: number): number[] {
    const ends = [...this.edges].map((edge) => edge.split(' ').map(Number));
    return ends.flatMap(([from, to = 0]) => (from === ordinal ? [to] : [])).sort((one, other) => one - other);
  }

  private shownCounts(): Record<string, number> {
    const rows = this.database.prepare('SELECT status, gpu, n FROM unit_count WHERE n <> 0').all();
    const totals = this.database.prepare('SELECT kind, n FROM unit_total WHERE n <> 0').all();
    const { status } = this.projection.store.reader.words;
    const nameOf = (id: number, gpu: number): string => `${status.of(id).word} ${status.of(id).outcome} ${gpu}`;
    const counts = Object.fromEntries(
      rows.map((row) => [nameOf(Number(row['status']), Number(row['gpu'])), Number(row['n'])]),
    );
    const sums = Object.fromEntries(
      totals.map(({ kind, n }) => [nameOf(Math.floor(Number(kind) / 2), Number(kind) % 2), Number(n)]),
    );
    expect(sums).toEqual(counts);
    return counts;
  }

  private expectedCounts(jobs: readonly Job[]): Record<string, number> {
    const counts: Record<string, number> = {};
    for (const { unit } of jobs) {
      const name = `${unit.status} ${unit.outcome} ${requirementsOf(unit.requirements).num_gpus >= 1 ? 1 : 0}`;
      counts[name] = (counts[name] ?? 0) + 1;
    }
    return counts;
  }

  private shownRuns() {
    const [{ count, hours, errHours, gpus } = NO_RUNS] = runTimesOf(this.database)(WORKLOAD).values();
    return { count, hours: hours[0], errHours: errHours[0], gpus: gpus[0] };
  }

  private expectedRuns(jobs: readonly Job[]) {
    const done = jobs.filter(({ status, outcome }) => phaseOf(status, outcome) === 'succeeded').map(({ unit }) => unit);
    const sum = (of: (unit: Unit) => number): number => done.reduce((total, unit) => total + of(unit), 0);
    return {
      count: done.length,
      hours: sum((unit) => unit.walltimeHours),
      errHours: sum((unit) => unit.walltimeErrHours),
      gpus: sum((unit) => requirementsOf(unit.requirements).num_gpus),
    };
  }

  private sizeOf(table: string): number {
    return Number(this.database.prepare(`SELECT count(*) AS n FROM ${table}`).get()?.['n']);
  }
}

const className = ({
  requirements,
  site,
  label,
  isBlocked,
  isLeased,
}: Pick<Unit, 'requirements' | 'site' | 'label'> & {
  readonly isBlocked: boolean;
  readonly isLeased: boolean;
}): string => `${requirements} ${site} ${label} ${isBlocked} ${isLeased}`;

const ordinalsOf = ({ units }: { readonly units: Ranges }): number[] =>
  units.flatMap(([first, last]) => Array.from({ length: last - first + 1 }, (_, at) => first + at));
