import { COLLECTIONS, type CollectionName, type PlainCollectionName } from '#contracts/torc/collections.js';
import { type EdgeName, isEdge } from '#contracts/torc/edges.js';
import type { JobStarted, JobSucceeded, TorcEvents } from '#contracts/torc/events.js';
import { isFinal, type JobStatus } from '#contracts/torc/statuses.js';
import type { WorkflowPart } from '#contracts/torc/workflows.js';
import type { Ranges, UnitEvents } from '#contracts/work-events.js';
import type { DecidedEvent } from '#event-sourcing/command.js';
import { evolve } from '../../engine/evolve.js';
import type { IndexKind, OrderedReadyUnits, ReadyIndex } from '../../engine/class-index.js';
import type { ReadyClass, ReadyEntry } from '../../engine/ready.js';
import type { UnitEvent } from '../../engine/unit-event.js';
import type { Unit } from '../../engine/unit.js';
import { addedJobs } from '../job/added-jobs.js';
import { torcPolicy } from '../policy.js';
import { READY_QUEUE, satisfies } from '../status-table.js';
import { workStream } from '../streams.js';
import {
  type Edge,
  type HandOut,
  INPUT_EDGES,
  type InputEdge,
  type Job,
  type JobState,
  type StoredDocument,
  type TorcView,
  type Workflow,
} from '../view.js';

type Changing<Type> = { -readonly [Name in keyof Type]: Type[Name] };

type OwnJob = Changing<Omit<Job, keyof JobState | 'unit' | 'outcome'>> & { cancels: boolean };

interface Part {
  document: string;
  writes: number;
  digest: string | undefined;
}

interface Contents {
  readonly parts: Readonly<Record<WorkflowPart, Part>>;
  readonly documents: Map<PlainCollectionName, Map<number, StoredDocument>>;
  readonly edges: Map<EdgeName, Map<number, Edge>>;
  readonly units: Map<number, Unit>;
  readonly jobs: Map<number, OwnJob>;
  readonly customKeys: Set<string>;
  number: number;
  firstOrdinal: number;
  nextOrdinal: number;
  lastEventMs: number;
  initializedRun: number;
  handOut: HandOut | undefined;
  lost: number;
}

export const ordinalsOf = (ranges: Ranges): number[] =>
  ranges.flatMap(([first, last]) => Array.from({ length: last - first + 1 }, (_, at) => first + at));

/** Workflows in memory, in the simplest way: for tests of deciders, and as a model that the tables are compared with. */
export class MemoryTorcView implements TorcView, OrderedReadyUnits {
  private readonly workflows = new Map<string, Contents>();
  private readonly workloads: string[] = [''];
  private readonly retries = new Map<string, { readonly failedMicros: number; readonly seconds: number }>();

  get ready(): OrderedReadyUnits {
    return this;
  }

  /** Applies an event as the projections do. */
  apply({ stream, type, data }: DecidedEvent, timeMicros: number): void {
    const key = stream.slice(stream.lastIndexOf('.') + 1);
    if (type === 'WorkflowCreated') {
      this.create(data as TorcEvents['WorkflowCreated']);
      return;
    }
    if (type === 'WorkflowDeleted') {
      this.workflows.delete(key);
      return;
    }
    const contents = this.contents(key);
    const workload = this.workloads.indexOf(key);
    if (type === 'JobsInitialized') {
      contents.initializedRun = (JSON.parse(contents.parts.status.document) as { run_id: number }).run_id;
    }
    switch (type as keyof TorcEvents | keyof UnitEvents) {
      case 'WorkflowReplaced': {
        const { part, document, request_digest: digest, is_reset: isReset } = data as TorcEvents['WorkflowReplaced'];
        Object.assign(contents.parts[part], { document, digest, writes: contents.parts[part].writes + 1 });
        if (isReset === true) Object.assign(contents, { handOut: undefined, lost: 0 });
        return;
      }
      case 'DocumentsStored': {
        const { collection, ordinals, documents, keys } = data as TorcEvents['DocumentsStored'];
        for (const [at, ordinal] of ordinalsOf(ordinals).entries()) {
          this.store(contents, collection, ordinal, documents[at] ?? '{}', keys?.[ordinal]);
        }
        return;
      }
      case 'DocumentReplaced': {
        const { collection, ordinal, document, request_digest: digest } = data as TorcEvents['DocumentReplaced'];
        const documents = collectionOf(contents, collection);
        const before = documents.get(ordinal);
        if (before === undefined) return;
        documents.set(ordinal, { ...before, document, writes: before.writes + 1, requestDigest: digest });
        return;
      }
      case 'DocumentsDeleted': {
        const { collection, ordinals } = data as TorcEvents['DocumentsDeleted'];
        for (const ordinal of ordinalsOf(ordinals)) collectionOf(contents, collection).delete(ordinal);
        return;
      }
      case 'EdgesAdded': {
        const { edge, ordinals, ends, data: texts, keys } = data as TorcEvents['EdgesAdded'];
        for (const [at, ordinal] of ordinalsOf(ordinals).entries()) {
          const [from = 0, to = 0] = ends[at] ?? [];
          this.link(contents, edge, {
            ordinal,
            key: keys?.[ordinal] ?? String(ordinal),
            from,
            to,
            data: texts?.[ordinal],
          });
          if (keys?.[ordinal] !== undefined) contents.customKeys.add(`${edge}/${keys[ordinal]}`);
        }
        return;
      }
      case 'EdgesDeleted': {
        const { edge, ordinals } = data as TorcEvents['EdgesDeleted'];
        for (const ordinal of ordinalsOf(ordinals)) edgesOf(contents, edge).delete(ordinal);
        return;
      }
      case 'JobsAdded': {
        const added = data as TorcEvents['JobsAdded'];
        const units = [...addedJobs(workload, added, timeMicros)];
        for (const [at, unit] of units.entries()) {
          const job = added.jobs[at];
          if (job !== undefined) this.addJob(contents, unit, job);
        }
        return;
      }
      case 'CompletionScriptHandedOut': {
        const { hand_out: id } = data as TorcEvents['CompletionScriptHandedOut'];
        contents.handOut = { id, timeMicros, isSettled: false, lost: contents.lost };
        return;
      }
      case 'CompletionScriptSettled': {
        contents.lost += (data as TorcEvents['CompletionScriptSettled']).has_arrived ? 0 : 1;
        if (contents.handOut !== undefined) {
          contents.handOut = { ...contents.handOut, isSettled: true, lost: contents.lost };
        }
        return;
      }
      case 'UnitsLinked':
      case 'UnitsUnlinked':
        return;
      case 'UnitsRemoved':
        for (const ordinal of ordinalsOf((data as UnitEvents['UnitsRemoved']).units)) {
          contents.units.delete(ordinal);
          contents.jobs.delete(ordinal);
        }
        return;
      case 'UnitFailed': {
        const { units, retry_after_seconds: seconds } = data as UnitEvents['UnitFailed'];
        if (seconds !== undefined) this.retries.set(`${key} ${units[0]?.[0]}`, { failedMicros: timeMicros, seconds });
        this.changeJobs(contents, { type, data, timeMicros } as UnitEvent);
        return;
      }
      default:
        this.changeJobs(contents, { type, data, timeMicros } as UnitEvent);
    }
  }

  workflow(key: string): Workflow | undefined {
    const contents = this.workflows.get(key);
    if (contents === undefined) return undefined;
    const { parts, number, firstOrdinal, nextOrdinal, lastEventMs, initializedRun, handOut } = contents;
    const { run_id: runId, is_canceled: isCanceled } = JSON.parse(parts.status.document) as {
      run_id: number;
      is_canceled: boolean;
    };
    const { is_archived: isArchived } = JSON.parse(parts.workflow.document) as { is_archived?: boolean };
    return {
      ...{ key, number, firstOrdinal, nextOrdinal, lastEventMs, runId, initializedRun, isCanceled, handOut },
      workload: this.workloads.indexOf(key),
      stream: workStream(key),
      document: parts.workflow.document,
      writes: parts.workflow.writes,
      config: parts.config.document,
      configWrites: parts.config.writes,
      status: parts.status.document,
      statusWrites: parts.status.writes,
      requestDigestOf: (part) => parts[part].digest,
      isArchived: isArchived === true,
    };
  }

  nextWorkflowNumber(): number {
    return this.workloads.length;
  }

  ordinalAfterDeletion(): number | undefined {
    return undefined;
  }

  deleted(): string | undefined {
    return undefined;
  }

  document(workflow: Workflow, collection: PlainCollectionName, key: string): StoredDocument | undefined {
    return [...this.documents(workflow, collection)].find((document) => document.key === key);
  }

  documentAt({ key }: Workflow, collection: PlainCollectionName, ordinal: number): StoredDocument | undefined {
    return collectionOf(this.contents(key), collection).get(ordinal);
  }

  documents({ key }: Workflow, collection: PlainCollectionName): Iterable<StoredDocument> {
    return [...collectionOf(this.contents(key), collection).values()].sort(byOrdinal);
  }

  documentsWith(workflow: Workflow, collection: PlainCollectionName, value: string): Iterable<StoredDocument> {
    const { indexed } = COLLECTIONS[collection] as { indexed?: string };
    return [...this.documents(workflow, collection)].filter(
      ({ document }) => (JSON.parse(document) as Record<string, unknown>)[indexed ?? ''] === value,
    );
  }

  isKeyUsed({ key }: Workflow, collection: CollectionName | EdgeName, own: string): boolean {
    return this.contents(key).customKeys.has(`${collection}/${own}`);
  }

  job(workflow: Workflow, key: string): Job | undefined {
    return [...this.jobs(workflow)].find((job) => job.key === key);
  }

  jobAt({ key }: Workflow, ordinal: number): Job | undefined {
    const contents = this.contents(key);
    const [unit, own] = [contents.units.get(ordinal), contents.jobs.get(ordinal)];
    if (unit === undefined || own === undefined) return undefined;
    const { cancels, ...rest } = own;
    const blockers = [
      ...new Set([...edgesOf(contents, 'blocks').values()].flatMap(({ from, to }) => (to === ordinal ? [from] : []))),
    ];
    return {
      ...rest,
      unit,
      ordinal,
      status: unit.status as JobStatus,
      outcome: unit.outcome,
      openBlockers: blockers.filter((at) => !satisfies(contents.units.get(at)?.status ?? '')).length,
      cancelsOnBlockingJobFailure: cancels,
    };
  }

  jobs(workflow: Workflow): Iterable<Job> {
    const ordinals = [...this.contents(workflow.key).units.keys()].sort((a, b) => a - b);
    return ordinals.flatMap((ordinal) => this.jobAt(workflow, ordinal) ?? []);
  }

  states(workflow: Workflow): Iterable<JobState> {
    return this.jobs(workflow);
  }

  stateAt(workflow: Workflow, ordinal: number): JobState | undefined {
    return this.jobAt(workflow, ordinal);
  }

  dependents(workflow: Workflow, ordinal: number): readonly JobState[] {
    const ordinals = new Set(this.edgesFrom(workflow, 'blocks', ordinal).map(({ to }) => to));
    return [...ordinals].flatMap((at) => this.jobAt(workflow, at) ?? []);
  }

  blockers(workflow: Workflow, ordinal: number): readonly JobState[] {
    const ordinals = new Set(this.edgesTo(workflow, 'blocks', ordinal).map(({ from }) => from));
    return [...ordinals].flatMap((at) => this.jobAt(workflow, at) ?? []);
  }

  jobsOfStatus(workflow: Workflow, status: JobStatus): Iterable<Job> {
    return [...this.jobs(workflow)].filter((job) => job.status === status);
  }

  countOfStatus({ key }: Workflow, status: JobStatus): number {
    return [...this.contents(key).units.values()].filter((unit) => unit.status === status).length;
  }

  edges({ key }: Workflow, edge: EdgeName): Iterable<Edge> {
    return [...edgesOf(this.contents(key), edge).values()].sort(byOrdinal);
  }

  *ends(workflow: Workflow, edge: EdgeName): Iterable<readonly [from: number, to: number]> {
    for (const { from, to } of this.edges(workflow, edge)) yield [from, to];
  }

  edgesFrom(workflow: Workflow, edge: EdgeName, ordinal: number): readonly Edge[] {
    return [...this.edges(workflow, edge)].filter(({ from }) => from === ordinal);
  }

  inputs(workflow: Workflow, ordinal: number): readonly InputEdge[] {
    return INPUT_EDGES.flatMap((edge) => this.edgesFrom(workflow, edge, ordinal).map(({ to }) => ({ edge, to })));
  }

  edgesTo(workflow: Workflow, edge: EdgeName, ordinal: number): readonly Edge[] {
    return [...this.edges(workflow, edge)].filter(({ to }) => to === ordinal);
  }

  edge(workflow: Workflow, edge: EdgeName, key: string): Edge | undefined {
    return [...this.edges(workflow, edge)].find((one) => one.key === key);
  }

  keyAt({ key }: Workflow, ordinal: number): string {
    const { jobs, documents } = this.contents(key);
    const document = [...documents.values()].flatMap((of) => of.get(ordinal) ?? [])[0];
    return jobs.get(ordinal)?.key ?? document?.key ?? String(ordinal);
  }

  collectionAt(workflow: Workflow, ordinal: number, of: readonly PlainCollectionName[]): PlainCollectionName {
    const found = of.find((collection) => this.documentAt(workflow, collection, ordinal) !== undefined);
    if (found === undefined) throw new Error(`Nothing with the ordinal ${ordinal}`);
    return found;
  }

  workloadOf(key: string): number | undefined {
    const workload = this.workloads.indexOf(key);
    return workload === -1 ? undefined : workload;
  }

  countBetween(workflow: Workflow, edge: EdgeName, from: number, to: number): number {
    return this.edgesFrom(workflow, edge, from).filter((one) => one.to === to).length;
  }

  edgeOrdinalsAt(workflow: Workflow, edge: EdgeName, end: 'from' | 'to', ordinal: number): Iterable<readonly number[]> {
    return [[...this.edges(workflow, edge)].filter((one) => one[end] === ordinal).map((one) => one.ordinal)];
  }

  count({ key }: Workflow, collection: CollectionName | EdgeName): number {
    const contents = this.contents(key);
    if (collection === 'jobs') return contents.units.size;
    return isEdge(collection) ? edgesOf(contents, collection).size : collectionOf(contents, collection).size;
  }

  notBeforeMicros({ key }: Workflow, ordinal: number): number {
    const { failedMicros, seconds } = this.retries.get(`${key} ${ordinal}`) ?? { failedMicros: -1, seconds: 0 };
    const isSame = this.contents(key).units.get(ordinal)?.changedMicros === failedMicros;
    return isSame ? failedMicros + seconds * 1_000_000 : 0;
  }

  get version(): number {
    return Number.NaN;
  }

  get headVersion(): number {
    return Number.NaN;
  }

  *classes(queue: string): Iterable<ReadyClass> {
    const seen = new Map<string, ReadyClass>();
    for (const unit of this.readyUnits()) seen.set(JSON.stringify(classOf(unit)), classOf(unit));
    if (queue === READY_QUEUE) yield* seen.values();
  }

  classesOf(queue: string, workload: string): Iterable<ReadyClass> {
    return [...this.classes(queue)].filter((ready) => ready.workload === workload);
  }

  *inOrder<Index extends ReadyIndex>(
    queue: string,
    workload: string,
    kind: IndexKind<Index>,
  ): Generator<void, Index, void> {
    const index = kind.create();
    for (const ready of this.classesOf(queue, workload)) {
      const head = this.head(ready);
      if (head !== undefined) index.put(ready, head);
      yield;
    }
    return index;
  }

  head(ready: ReadyClass): ReadyEntry | undefined {
    return this.entries(ready, undefined, 1)[0];
  }

  entries(ready: ReadyClass, after: ReadyEntry | undefined, limit: number): readonly ReadyEntry[] {
    const name = JSON.stringify(ready);
    const order = (a: ReadyEntry, b: ReadyEntry): number => b.priority - a.priority || a.key - b.key;
    return this.readyUnits()
      .filter((unit) => JSON.stringify(classOf(unit)) === name)
      .map(({ key, priority, id }) => ({ key, priority, id }))
      .sort(order)
      .filter((entry) => after === undefined || order(after, entry) < 0)
      .slice(0, limit);
  }

  private readyUnits(): Unit[] {
    return [...this.workflows.values()]
      .flatMap(({ units }) => [...units.values()])
      .filter(({ status }) => torcPolicy.queueOf(status, false) === READY_QUEUE);
  }

  private contents(key: string): Contents {
    const contents = this.workflows.get(key);
    if (contents === undefined) throw new Error(`No workflow ${key}`);
    return contents;
  }

  private create({
    workload_id: key,
    workflow,
    config,
    status,
    next_ordinal: nextOrdinal,
    number,
  }: TorcEvents['WorkflowCreated']): void {
    const part = (document: string): Part => ({ document, writes: 1, digest: undefined });
    this.workloads.push(key);
    this.workflows.set(key, {
      parts: { workflow: part(workflow), config: part(config), status: part(status) },
      ...{
        number,
        firstOrdinal: nextOrdinal,
        nextOrdinal,
        lastEventMs: 0,
        initializedRun: 0,
        handOut: undefined,
        lost: 0,
      },
      ...{ documents: new Map(), edges: new Map(), units: new Map(), jobs: new Map(), customKeys: new Set() },
    });
  }

  private store(
    contents: Contents,
    collection: PlainCollectionName,
    ordinal: number,
    document: string,
    key = String(ordinal),
  ): void {
    const stored = { ordinal, key, writes: 1, document, requestDigest: undefined };
    collectionOf(contents, collection).set(ordinal, stored);
    if (key !== String(ordinal)) contents.customKeys.add(`${collection}/${key}`);
    if (collection === 'events') {
      const { timestamp } = JSON.parse(document) as { timestamp: number };
      contents.lastEventMs = Math.max(contents.lastEventMs, timestamp);
    }
    take(contents, ordinal);
  }

  private link(contents: Contents, name: EdgeName, edge: Edge): void {
    edgesOf(contents, name).set(edge.ordinal, edge);
    take(contents, edge.ordinal);
  }

  private addJob(
    contents: Contents,
    unit: Unit,
    { document, key, hash = 0 }: TorcEvents['JobsAdded']['jobs'][number],
  ): void {
    contents.units.set(unit.index, unit);
    contents.jobs.set(unit.index, {
      key: key ?? String(unit.index),
      ...{ writes: 1, document, cancels: cancels(document), inputHash: hash },
      ...{ requestDigest: undefined, completeDigest: undefined, resultRunId: undefined },
    });
    if (key !== undefined) contents.customKeys.add(`jobs/${key}`);
    take(contents, unit.index);
  }

  private changeJobs(contents: Contents, event: UnitEvent): void {
    for (const ordinal of ordinalsOf(event.data.units)) {
      const [unit, own] = [contents.units.get(ordinal), contents.jobs.get(ordinal)];
      if (unit === undefined || own === undefined) continue;
      const after = evolve(unit, event, torcPolicy);
      contents.units.set(ordinal, after);
      own.writes += 1;
      if (!isFinal(after.status)) own.resultRunId = undefined;
      const { request_digest: digest } = event.data as { readonly request_digest?: string };
      own.requestDigest = digest;
      const type: string = event.type;
      if (type === 'JobReplaced') {
        const { job } = event.data as unknown as TorcEvents['JobReplaced'];
        Object.assign(own, {
          document: job.document,
          cancels: cancels(job.document),
          inputHash: job.hash ?? own.inputHash,
        });
      } else if ('executed' in event.data) this.started(contents, ordinal, event.data as unknown as JobStarted);
      else if ('result' in event.data) this.ended(contents, ordinal, own, event.data as unknown as JobSucceeded);
    }
  }

  private started(
    contents: Contents,
    to: number,
    { executed: ordinal, compute_node: from, run_id: run, event }: JobStarted,
  ): void {
    this.link(contents, 'executed', { ordinal, key: String(ordinal), from, to, data: JSON.stringify({ run_id: run }) });
    this.store(contents, 'events', event.ordinal, event.document);
  }

  private ended(contents: Contents, from: number, own: OwnJob, end: JobSucceeded): void {
    const { result, returned: ordinal, event, input_hash: inputHash, request_digest: completeDigest } = end;
    const { run_id: resultRunId } = JSON.parse(result.document) as { run_id: number };
    Object.assign(own, { inputHash, completeDigest, resultRunId, requestDigest: undefined });
    this.store(contents, 'results', result.ordinal, result.document);
    this.link(contents, 'returned', { ordinal, key: String(ordinal), from, to: result.ordinal, data: undefined });
    this.store(contents, 'events', event.ordinal, event.document);
  }
}

const byOrdinal = (a: { readonly ordinal: number }, b: { readonly ordinal: number }): number => a.ordinal - b.ordinal;

const take = (contents: Contents, ordinal: number): void => {
  contents.nextOrdinal = Math.max(contents.nextOrdinal, ordinal + 1);
};

const cancels = (document: string): boolean =>
  (JSON.parse(document) as { cancel_on_blocking_job_failure?: boolean }).cancel_on_blocking_job_failure !== false;

const ofName = <Name, Value>(maps: Map<Name, Map<number, Value>>, name: Name): Map<number, Value> => {
  const known = maps.get(name) ?? new Map<number, Value>();
  maps.set(name, known);
  return known;
};

const collectionOf = ({ documents }: Contents, name: PlainCollectionName): Map<number, StoredDocument> =>
  ofName(documents, name);

const edgesOf = ({ edges }: Contents, name: EdgeName): Map<number, Edge> => ofName(edges, name);

const classOf = ({ workload, requirements, site, label }: Unit): ReadyClass => ({
  ...{ workload, requirements, site, label },
  isBlocked: false,
  isLeased: false,
});
