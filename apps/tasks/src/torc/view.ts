import type { CollectionName, PlainCollectionName } from '#contracts/torc/collections.js';
import type { EdgeName } from '#contracts/torc/edges.js';
import type { JobStatus } from '#contracts/torc/statuses.js';
import type { WorkflowPart } from '#contracts/torc/workflows.js';
import type { OrderedReadyUnits } from '../engine/class-index.js';
import type { Unit } from '../engine/unit.js';
import type { WorkloadId } from '../workload/workloads.js';

/** A workflow that exists. */
export interface Workflow {
  readonly key: string;
  readonly workload: WorkloadId;
  readonly stream: string;
  /** Counts all workflows, in order of creation. */
  readonly number: number;
  /** Its first document has this ordinal, or would have it. */
  readonly firstOrdinal: number;
  /** The next ordinal that no document of it has had. */
  readonly nextOrdinal: number;
  /** The greatest time that an event was given, in milliseconds since the Unix epoch; 0 when there was none. */
  readonly lastEventMs: number;
  /** Raw JSON without `_key`, `_id`, `_rev`, and the number of its writes. */
  readonly document: string;
  readonly writes: number;
  readonly config: string;
  readonly configWrites: number;
  readonly status: string;
  readonly statusWrites: number;
  /** Digest of the request that wrote a part last, where a repeat must be recognized. */
  requestDigestOf(part: WorkflowPart): string | undefined;
  readonly isArchived: boolean;
  readonly isCanceled: boolean;
  readonly runId: number;
  /** The run in which jobs were initialized last; 0 when they never were. */
  readonly initializedRun: number;
  /** The last hand-out of the completion script since the status was reset. */
  readonly handOut: HandOut | undefined;
}

/** The completion script was handed out to a caller (contract 5.11, D33). */
export interface HandOut {
  readonly id: string;
  readonly timeMicros: number;
  /** Whether it is known if the answer has arrived. */
  readonly isSettled: boolean;
  /** How many hand-outs were lost since the status was reset, this one included. */
  readonly lost: number;
}

export type DeletedFrom = CollectionName | EdgeName | 'workflows';

/** A document of a collection other than jobs. */
export interface StoredDocument {
  readonly ordinal: number;
  /** The caller's, or the ordinal in decimal. */
  readonly key: string;
  readonly writes: number;
  /** Raw JSON without `_key`, `_id`, `_rev`. */
  readonly document: string;
  /** Digest of the request that wrote it last, where a repeat must be recognized. */
  readonly requestDigest: string | undefined;
}

/** What decisions about many jobs need of each; much cheaper to read than {@link Job}. */
export interface JobState {
  readonly ordinal: number;
  readonly status: JobStatus;
  /** Blockers that are not complete. */
  readonly openBlockers: number;
  readonly cancelsOnBlockingJobFailure: boolean;
}

/** A job: the engine's unit and what only Torc keeps. */
export interface Job extends JobState {
  readonly key: string;
  /** Empty unless the status is `done`: `ok` or `failed`. */
  readonly outcome: string;
  readonly unit: Unit;
  readonly writes: number;
  /** Raw JSON without `status`, `internal`, `_key`, `_id`, `_rev`. */
  readonly document: string;
  readonly inputHash: number;
  /** Digest of the request that wrote it last: of PUT or `start_job`. */
  readonly requestDigest: string | undefined;
  /** Digest of the `complete_job` that ended its last attempt. */
  readonly completeDigest: string | undefined;
  /** The run that its newest result belongs to, if it is complete and has had its result since it became so. */
  readonly resultRunId: number | undefined;
}

export interface Edge {
  readonly ordinal: number;
  readonly key: string;
  readonly from: number;
  readonly to: number;
  /** Raw JSON of an object. */
  readonly data: string | undefined;
}

/** Edges from a job to what its hash covers (Torc contract 5.6). */
export const INPUT_EDGES = ['consumes', 'stores', 'needs'] as const;

export interface InputEdge {
  readonly edge: (typeof INPUT_EDGES)[number];
  readonly to: number;
}

/** What the committed state shows too. */
export type StateView = Omit<TorcView, 'ready' | 'notBeforeMicros'>;

/** The state that Torc's deciders read: one workflow's documents, jobs and edges, with the effects of earlier decisions. */
export interface TorcView {
  readonly ready: OrderedReadyUnits;
  /** The time before which a job that has failed is not handed out, or 0. */
  notBeforeMicros(workflow: Workflow, ordinal: number): number;
  workflow(key: string): Workflow | undefined;
  /** The number that the next workflow gets. */
  nextWorkflowNumber(): number;
  /** The first free ordinal under a workflow key that was in use before; undefined when it never was. */
  ordinalAfterDeletion(key: string): number | undefined;
  /** The workload of a workflow key that is, or was, in use. */
  workloadOf(key: string): WorkloadId | undefined;
  /** What a client got that deleted this not longer ago than the time given (D32): raw JSON. */
  deleted(
    workload: WorkloadId,
    collection: DeletedFrom,
    key: string,
    client: string,
    sinceMicros: number,
  ): string | undefined;
  document(workflow: Workflow, collection: PlainCollectionName, key: string): StoredDocument | undefined;
  documentAt(workflow: Workflow, collection: PlainCollectionName, ordinal: number): StoredDocument | undefined;
  /** In order of creation. */
  documents(workflow: Workflow, collection: PlainCollectionName): Iterable<StoredDocument>;
  /** Documents whose indexed field has this value, in order of creation. */
  documentsWith(workflow: Workflow, collection: PlainCollectionName, value: string): Iterable<StoredDocument>;
  /** Whether a collection or edge holds or held this custom key: generated keys pass over it. */
  isKeyUsed(workflow: Workflow, collection: PlainCollectionName | 'jobs' | EdgeName, key: string): boolean;
  job(workflow: Workflow, key: string): Job | undefined;
  jobAt(workflow: Workflow, ordinal: number): Job | undefined;
  /** In order of creation. */
  jobs(workflow: Workflow): Iterable<Job>;
  /** Of all jobs, in order of creation. */
  states(workflow: Workflow): Iterable<JobState>;
  stateAt(workflow: Workflow, ordinal: number): JobState | undefined;
  /** Jobs that this one blocks, each once. */
  dependents(workflow: Workflow, ordinal: number): readonly JobState[];
  /** Jobs that block this one, each once. */
  blockers(workflow: Workflow, ordinal: number): readonly JobState[];
  /** In order of creation. */
  jobsOfStatus(workflow: Workflow, status: JobStatus): Iterable<Job>;
  countOfStatus(workflow: Workflow, status: JobStatus): number;
  /** In order of creation. */
  edges(workflow: Workflow, edge: EdgeName): Iterable<Edge>;
  /** The ends of all edges of a kind, in order of creation; much cheaper than {@link edges}. */
  ends(workflow: Workflow, edge: EdgeName): Iterable<readonly [from: number, to: number]>;
  edgesFrom(workflow: Workflow, edge: EdgeName, ordinal: number): readonly Edge[];
  edgesTo(workflow: Workflow, edge: EdgeName, ordinal: number): readonly Edge[];
  /** What the hash of a job covers, in any order. */
  inputs(workflow: Workflow, ordinal: number): readonly InputEdge[];
  edge(workflow: Workflow, edge: EdgeName, key: string): Edge | undefined;
  /** How many edges go from one to the other. */
  countBetween(workflow: Workflow, edge: EdgeName, from: number, to: number): number;
  /** Ordinals of the edges at a document or job, in slices. */
  edgeOrdinalsAt(workflow: Workflow, edge: EdgeName, end: 'from' | 'to', ordinal: number): Iterable<readonly number[]>;
  /** How many documents, jobs or edges there are. */
  count(workflow: Workflow, collection: CollectionName | EdgeName): number;
  /** The key of a document or job. */
  keyAt(workflow: Workflow, ordinal: number): string;
  /** Which of these collections the document with an ordinal is in. */
  collectionAt(workflow: Workflow, ordinal: number, of: readonly PlainCollectionName[]): PlainCollectionName;
}
