import type { CollectionName, PlainCollectionName } from '#contracts/torc/collections.js';
import type { EdgeName } from '#contracts/torc/edges.js';
import type { JobStatus } from '#contracts/torc/statuses.js';
import type { OrderedReadyUnits } from '../engine/class-index.js';
import type { UnitReader } from '../engine/unit-row.js';
import type { UnitStore } from '../engine/unit-store.js';
import { keyOf } from '../workload/member-key.js';
import type { WorkloadId } from '../workload/workloads.js';
import { codeOf } from './collection-code.js';
import { BlockCounts } from './document/block-counts.js';
import { type ChosenKeys, chosenKeys, CustomKeys } from './document/custom-keys.js';
import { Deletions } from './document/deletions.js';
import { DocumentRows, type RecentDocuments, recentDocuments } from './document/document-rows.js';
import { EdgeRows } from './edge/edge-rows.js';
import { type RecentJobs, recentJobs } from './job/job-rows.js';
import { Jobs, type UnitSource } from './job/jobs.js';
import { TORC } from './streams.js';
import type {
  DeletedFrom,
  Edge,
  InputEdge,
  Job,
  JobState,
  StateView,
  StoredDocument,
  TorcView,
  Workflow,
} from './view.js';
import { type RecentWorkflows, recentWorkflows, WorkflowRows } from './workflow/workflow-rows.js';

/** What a connection that writes remembers of what it has read. Others have nothing: it may change at any time what they read. */
interface Recent {
  readonly workflows?: RecentWorkflows;
  readonly keys?: ChosenKeys;
  readonly jobs?: RecentJobs;
  readonly documents?: RecentDocuments;
}

/** What one connection shows of workflows, documents, jobs and edges. */
export class TorcReader implements StateView {
  readonly workflows: WorkflowRows;
  readonly documentRows: DocumentRows;
  readonly edgeRows: EdgeRows;
  readonly jobRows: Jobs;
  readonly counts: BlockCounts;
  private readonly keys: CustomKeys;
  private readonly deletions: Deletions;

  constructor(
    readonly reader: UnitReader,
    units: UnitSource = reader,
    recent: Recent = {},
  ) {
    const { database, workloads } = reader;
    this.keys = new CustomKeys(database, recent.keys);
    this.workflows = new WorkflowRows(database, workloads, recent.workflows);
    this.documentRows = new DocumentRows(database, this.keys, recent.documents);
    this.edgeRows = new EdgeRows(database, this.keys);
    this.jobRows = new Jobs(reader, units, recent.jobs);
    this.counts = new BlockCounts(database);
    this.deletions = new Deletions(database);
  }

  workflow(key: string): Workflow | undefined {
    return this.workflows.one(key);
  }

  nextWorkflowNumber(): number {
    return this.workflows.nextNumber();
  }

  ordinalAfterDeletion(key: string): number | undefined {
    return this.workflows.nextOrdinalOf(key);
  }

  workloadOf(key: string): WorkloadId | undefined {
    return this.reader.workloads.find(TORC, key);
  }

  deleted(
    workload: WorkloadId,
    collection: DeletedFrom,
    key: string,
    client: string,
    sinceMicros: number,
  ): string | undefined {
    return this.deletions.find(workload, codeOf(collection), key, client, sinceMicros);
  }

  document({ workload }: Workflow, collection: PlainCollectionName, key: string): StoredDocument | undefined {
    return this.documentRows.byKey(workload, collection, key);
  }

  documentAt({ workload }: Workflow, collection: PlainCollectionName, ordinal: number): StoredDocument | undefined {
    return this.documentRows.at(workload, collection, ordinal);
  }

  documents({ workload }: Workflow, collection: PlainCollectionName): Iterable<StoredDocument> {
    return this.documentRows.all(workload, collection);
  }

  documentsWith({ workload }: Workflow, collection: PlainCollectionName, value: string): Iterable<StoredDocument> {
    return this.documentRows.having(workload, collection, value);
  }

  isKeyUsed({ workload }: Workflow, collection: PlainCollectionName | 'jobs' | EdgeName, key: string): boolean {
    return this.keys.ordinalOf(workload, codeOf(collection), key) !== undefined;
  }

  job(workflow: Workflow, key: string): Job | undefined {
    return this.jobRows.job(workflow, key);
  }

  jobAt(workflow: Workflow, ordinal: number): Job | undefined {
    return this.jobRows.jobAt(workflow, ordinal);
  }

  jobs(workflow: Workflow): Iterable<Job> {
    return this.jobRows.jobs(workflow);
  }

  states(workflow: Workflow): Iterable<JobState> {
    return this.jobRows.states(workflow);
  }

  stateAt(workflow: Workflow, ordinal: number): JobState | undefined {
    return this.jobRows.stateAt(workflow, ordinal);
  }

  dependents(workflow: Workflow, ordinal: number): readonly JobState[] {
    return this.jobRows.dependents(workflow, ordinal);
  }

  blockers(workflow: Workflow, ordinal: number): readonly JobState[] {
    const ordinals = new Set(this.edgeRows.sources(workflow.workload, 'blocks', ordinal));
    return [...ordinals].flatMap((each) => this.stateAt(workflow, each) ?? []);
  }

  jobsOfStatus(workflow: Workflow, status: JobStatus): Iterable<Job> {
    return this.jobRows.jobsOfStatus(workflow, status);
  }

  countOfStatus(workflow: Workflow, status: JobStatus): number {
    return this.jobRows.countOfStatus(workflow, status);
  }

  edge({ workload }: Workflow, edge: EdgeName, key: string): Edge | undefined {
    return this.edgeRows.byKey(workload, edge, key);
  }

  edges({ workload }: Workflow, edge: EdgeName): Iterable<Edge> {
    return this.edgeRows.all(workload, edge);
  }

  ends({ workload }: Workflow, edge: EdgeName): Iterable<readonly [from: number, to: number]> {
    return this.edgeRows.ends(workload, edge);
  }

  edgesFrom({ workload }: Workflow, edge: EdgeName, ordinal: number): readonly Edge[] {
    return this.edgeRows.from(workload, edge, ordinal);
  }

  edgesTo({ workload }: Workflow, edge: EdgeName, ordinal: number): readonly Edge[] {
    return this.edgeRows.to(workload, edge, ordinal);
  }

  inputs({ workload }: Workflow, ordinal: number): readonly InputEdge[] {
    return this.edgeRows.inputs(workload, ordinal);
  }

  countBetween({ workload }: Workflow, edge: EdgeName, from: number, to: number): number {
    return this.edgeRows.countBetween(workload, edge, from, to);
  }

  edgeOrdinalsAt(
    { workload }: Workflow,
    edge: EdgeName,
    end: 'from' | 'to',
    ordinal: number,
  ): Iterable<readonly number[]> {
    return this.edgeRows.ordinalsAt(workload, edge, end, ordinal);
  }

  count({ workload }: Workflow, collection: CollectionName | EdgeName): number {
    return this.counts.total(workload, codeOf(collection));
  }

  keyAt({ workload }: Workflow, ordinal: number): string {
    return this.keys.keyAt(workload, ordinal);
  }

  collectionAt({ workload }: Workflow, ordinal: number, of: readonly PlainCollectionName[]): PlainCollectionName {
    const found = of.find((collection) => this.documentRows.at(workload, collection, ordinal) !== undefined);
    if (found === undefined) throw new Error(`Nothing with the ordinal ${ordinal} is in ${of.join(' or ')}`);
    return found;
  }
}

/** The state that deciders read, on the writing connection. */
export class SqliteTorcView extends TorcReader implements TorcView {
  constructor(private readonly store: UnitStore) {
    const { database } = store;
    super(store.reader, store, {
      ...{ workflows: recentWorkflows(database), keys: chosenKeys(database) },
      ...{ jobs: recentJobs(database), documents: recentDocuments(database) },
    });
  }

  get ready(): OrderedReadyUnits {
    return this.store.ready;
  }

  notBeforeMicros({ workload }: Workflow, ordinal: number): number {
    return this.store.retries.notBeforeMicros(keyOf(workload, ordinal));
  }
}
