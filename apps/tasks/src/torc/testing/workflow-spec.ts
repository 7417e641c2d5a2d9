import { DomainError } from '#platform/domain-error.js';
import type { PlainCollectionName } from '#contracts/torc/collections.js';
import type { EdgeName } from '#contracts/torc/edges.js';
import type { SortMethod, WorkerResources } from '#contracts/torc/jobs.js';
import type { Ranges } from '#contracts/work-events.js';
import type { DecidedEvent, Decision, SlicedDecision } from '#event-sourcing/command.js';
import { isGenerator } from '#event-sourcing/slices.js';
import { finished } from '#event-sourcing/testing/finished.js';
import { completeJob, startJob } from '../graph/attempt.js';
import { claimJobs } from '../graph/claim.js';
import { initializeJobs } from '../graph/initialize.js';
import { workStream } from '../streams.js';
import type { Job, TorcView, Workflow } from '../view.js';
import { revisionOf, withFields } from '../workflow-change.js';
import { MemoryTorcView, ordinalsOf } from './memory-view.js';

/** When the first tested command comes. */
export const NOW_MICROS = 1_767_225_600_000_000;

export const WORKFLOW = '97';

const INITIAL_STATUS = JSON.stringify({
  ...{ run_id: 1, is_canceled: false, scheduled_compute_node_ids: [] },
  ...{ has_detected_need_to_run_completion_script: false, auto_tune_status: { enabled: false, job_keys: [] } },
});

/** Where tested commands find their state, and their events go. */
export interface Store {
  readonly view: TorcView;
  apply(event: DecidedEvent, timeMicros: number): void;
}

export const inMemory = (): Store => {
  const view = new MemoryTorcView();
  return { view, apply: (event, timeMicros) => view.apply(event, timeMicros) };
};

export interface JobGiven {
  readonly status?: string;
  /** False: `cancel_on_blocking_job_failure` is off. */
  readonly cancels?: boolean;
  readonly fields?: Readonly<Record<string, unknown>>;
}

interface Answer<Reply> {
  readonly events: readonly DecidedEvent[];
  readonly reply: Reply | undefined;
  readonly error: DomainError | undefined;
}

/** Deciders tell the revision of a job before the append, so that one change writes each job once at most. */
const expectOneWriteEach = (events: readonly DecidedEvent[]): void => {
  const writes = events.filter(({ type }) => type !== 'UnitsLinked');
  const units = writes.flatMap(({ data }) => ordinalsOf((data as { readonly units?: Ranges }).units ?? []));
  expect(units).toHaveLength(new Set(units).size);
};

/** Given a workflow with some jobs, when commands come, then these statuses follow. Things are called by their names. */
export class WorkflowSpec {
  readonly view: TorcView;
  private readonly ordinals = new Map<string, number>();
  private clockMicros = NOW_MICROS;

  constructor(private readonly store: Store = inMemory()) {
    this.view = store.view;
    const created = { workload_id: WORKFLOW, workflow: '{"user":"u"}', config: '{}', status: INITIAL_STATUS };
    this.record('WorkflowCreated', { ...created, number: 1, next_ordinal: 1 });
  }

  get workflow(): Workflow {
    const workflow = this.view.workflow(WORKFLOW);
    if (workflow === undefined) throw new Error('No workflow');
    return workflow;
  }

  /** Microseconds since the Unix epoch; passes with every command. */
  get nowMicros(): number {
    return this.clockMicros;
  }

  pass(micros: number): this {
    this.clockMicros += micros;
    return this;
  }

  jobs(names: string, given: JobGiven = {}): this {
    for (const name of names.split(' ')) this.addJob(name, given);
    return this;
  }

  document(collection: PlainCollectionName, name: string, fields: Readonly<Record<string, unknown>> = {}): this {
    const ordinal = this.take(name);
    this.record('DocumentsStored', {
      ...{ collection, ordinals: [[ordinal, ordinal]] },
      documents: [JSON.stringify({ name, ...fields })],
    });
    return this;
  }

  put(collection: PlainCollectionName, name: string, fields: Readonly<Record<string, unknown>>): this {
    const ordinal = this.at(name);
    const document = this.view.documentAt(this.workflow, collection, ordinal)?.document ?? '{}';
    const raw = Object.entries(fields).map(([field, value]) => [field, JSON.stringify(value)] as const);
    this.record('DocumentReplaced', { collection, ordinal, document: withFields(document, raw) });
    return this;
  }

  /** Joins things, as in `edges('blocks', 'A>B B>C')`. */
  edges(edge: EdgeName, pairs: string): this {
    for (const pair of pairs.split(' ')) {
      const [from = 0, to = 0] = pair.split('>').map((name) => this.at(name));
      const ordinal = this.workflow.nextOrdinal;
      this.record('EdgesAdded', { edge, ordinals: [[ordinal, ordinal]], ends: [[from, to]] });
      if (edge === 'blocks') this.record('UnitsLinked', { units: [[to, to]], links: [[from, to]] });
    }
    return this;
  }

  /** Sets a job's status as PUT does. */
  set(names: string, status: string): this {
    for (const name of names.split(' ')) {
      const ordinal = this.at(name);
      const job = { document: this.job(name).document, status };
      this.record('JobReplaced', { units: [[ordinal, ordinal]], job });
    }
    return this;
  }

  /** Sets fields of a part of the workflow. */
  part(part: 'workflow' | 'config' | 'status', fields: Readonly<Record<string, unknown>>): this {
    const { document, config, status } = this.workflow;
    const text = { workflow: document, config, status }[part];
    const raw = Object.entries(fields).map(([field, value]) => [field, JSON.stringify(value)] as const);
    this.record('WorkflowReplaced', { part, document: withFields(text, raw) });
    return this;
  }

  when<Reply>(decide: (view: TorcView, timeMicros: number) => Decision<Reply> | SlicedDecision<Reply>): Answer<Reply> {
    const timeMicros = (this.clockMicros += 1_000_000);
    const decided = decide(this.view, timeMicros);
    const decision = isGenerator(decided) ? finished(decided) : decided;
    if (decision instanceof DomainError) return { events: [], reply: undefined, error: decision };
    expectOneWriteEach(decision.events);
    for (const event of decision.events) this.store.apply(event, timeMicros);
    return { events: decision.events, reply: decision.reply as Reply, error: undefined };
  }

  initialize(onlyUninitialized = false, clears = true): Answer<object> {
    const options = { only_uninitialized: onlyUninitialized, clear_ephemeral_user_data: clears };
    return this.when((view, timeMicros) => initializeJobs(view, { workflow: WORKFLOW, ...options }, timeMicros));
  }

  /** Claims jobs; answers their names, or the reason. */
  claim(
    resources: Partial<WorkerResources> = {},
    options: { readonly limit?: number; readonly sort?: SortMethod } = {},
  ): readonly string[] | string {
    const { reply } = this.when((view, timeMicros) =>
      claimJobs(
        view,
        {
          workflow: WORKFLOW,
          resources: { num_cpus: 64, memory_gb: 256, num_gpus: 8, num_nodes: 1, scheduler_config_id: '', ...resources },
          limit: options.limit ?? 100_000,
          sort_method: options.sort ?? 'gpus_runtime_memory',
        },
        timeMicros,
      ),
    );
    const names = (reply?.documents ?? []).map((text) => (JSON.parse(text) as { name: string }).name);
    return names.length === 0 ? (reply?.reason ?? '') : names;
  }

  start(name: string, options: Partial<Parameters<typeof startJob>[1]> = {}): Answer<{ document: string }> {
    const request = { ...this.attempt(name), request_digest: `start ${name} ${this.rev(name)}`, ...options };
    return this.when((view, timeMicros) => startJob(view, request, timeMicros));
  }

  complete(
    name: string,
    code = 0,
    status = 'done',
    options: Partial<Parameters<typeof completeJob>[1]> = {},
  ): Answer<{ document: string }> {
    const result = {
      ...{ job_key: this.job(name).key, run_id: this.workflow.runId, return_code: code },
      ...{ exec_time_minutes: 6, completion_time: 'now', status },
    };
    const request_digest = `complete ${name} ${this.rev(name)}`;
    const request = { ...this.attempt(name), status, request_digest, result: JSON.stringify(result), ...options };
    return this.when((view, timeMicros) => completeJob(view, request, timeMicros));
  }

  job(name: string): Job {
    const job = this.view.jobAt(this.workflow, this.at(name));
    if (job === undefined) throw new Error(`No job ${name}`);
    return job;
  }

  rev(name: string): string {
    return revisionOf(this.job(name));
  }

  /** Statuses of jobs, as in `A done, B ready`. */
  statuses(names: string): string {
    return names
      .split(' ')
      .map((name) => `${name} ${this.job(name).status}`)
      .join(', ');
  }

  /** Names of documents that an edge joins, as in `make>use`. */
  pairs(edge: EdgeName): readonly string[] {
    const names = new Map([...this.ordinals].map(([name, ordinal]) => [ordinal, name]));
    return [...this.view.ends(this.workflow, edge)].map(([from, to]) => `${names.get(from)}>${names.get(to)}`);
  }

  documentsOf(collection: PlainCollectionName): readonly Record<string, unknown>[] {
    return [...this.view.documents(this.workflow, collection)].map(
      ({ document }) => JSON.parse(document) as Record<string, unknown>,
    );
  }

  at(name: string): number {
    const ordinal = this.ordinals.get(name);
    if (ordinal === undefined) throw new Error(`Nothing is called ${name}`);
    return ordinal;
  }

  keyOf(name: string): string {
    return this.view.keyAt(this.workflow, this.at(name));
  }

  nameOf(key: string): string | undefined {
    return [...this.ordinals.keys()].find((name) => this.keyOf(name) === key);
  }

  private addJob(name: string, { status = 'uninitialized', cancels, fields }: JobGiven): void {
    const ordinal = this.take(name);
    const flag = cancels === undefined ? {} : { cancel_on_blocking_job_failure: cancels };
    const document = JSON.stringify({ name, command: `run ${name}`, ...flag, ...fields });
    const job = { document, status };
    this.record('JobsAdded', { units: [[ordinal, ordinal]], workload_id: WORKFLOW, jobs: [job] });
  }

  private attempt(name: string) {
    if (!this.ordinals.has('node')) this.document('compute_nodes', 'node', { hostname: 'node-07' });
    const { runId: run_id } = this.workflow;
    const compute_node = this.keyOf('node');
    return { workflow: WORKFLOW, key: this.job(name).key, rev: this.rev(name), run_id, compute_node };
  }

  private take(name: string): number {
    const { nextOrdinal } = this.workflow;
    this.ordinals.set(name, nextOrdinal);
    return nextOrdinal;
  }

  private record(type: string, data: object): void {
    this.store.apply({ stream: workStream(WORKFLOW), type, data }, (this.clockMicros += 1));
  }
}
