import type {
  ConcernsUnits,
  Ranges,
  UnitFailed,
  UnitsMoved,
  UnitsRemoved,
  UnitStarted,
  UnitSucceeded,
} from '../work-events.js';
import type { PlainCollectionName } from './collections.js';
import type { EdgeName } from './edges.js';
import type { WorkflowPart } from './workflows.js';

/**
 * Events of streams `work-torc.main.<workflow>`. Each document, edge and job of a workflow has an ordinal of its own, given in
 * order of creation. Documents are raw JSON without `_key`, `_id` and `_rev`. `keys` has the keys that callers chose, by ordinal.
 */

type Keys = Readonly<Record<number, string>>;

/** A workflow was created, with its config and status. */
export interface WorkflowCreated {
  readonly workload_id: string;
  /** Counts all workflows, in order of creation. */
  readonly number: number;
  readonly workflow: string;
  readonly config: string;
  readonly status: string;
  /** The first ordinal that is free: ordinals go on when the key had been in use before. */
  readonly next_ordinal: number;
}

/** The workflow, its config or its status was replaced. `request_digest` recognizes a repeat of the request. */
export interface WorkflowReplaced {
  readonly part: WorkflowPart;
  readonly document: string;
  readonly request_digest?: string;
  /** The status was reset: hand-outs of the completion script count from 0 again. */
  readonly is_reset?: true;
}

/** A deletion of one thing: a repeat by the same client gets the same answer (D32). */
export interface Deletion {
  /** Address of the client, as the access layer sees it. */
  readonly client: string;
  readonly key: string;
  /** What was answered: raw JSON with `_key`, `_id`, `_rev`. Absent when it is too large for an event: the tables have it until then. */
  readonly document?: string;
}

/** The workflow was deleted, with everything that belonged to it. `UnitsRemoved` removes its jobs before. */
export interface WorkflowDeleted {
  readonly deletion: Deletion;
}

/** Documents were stored; `ordinals` and `documents` are in the same order. */
export interface DocumentsStored {
  readonly collection: PlainCollectionName;
  readonly ordinals: Ranges;
  readonly documents: readonly string[];
  readonly keys?: Keys;
  /** The text of the only document goes on in `DocumentContinued`. */
  readonly goes_on?: true;
}

/** One document was replaced. */
export interface DocumentReplaced {
  readonly collection: PlainCollectionName;
  readonly ordinal: number;
  readonly document: string;
  readonly request_digest?: string;
  /** The text goes on in `DocumentContinued`. */
  readonly goes_on?: true;
}

/** A part of a document that is too large for one event: it follows the text that the events before it have stored. */
export interface DocumentContinued {
  readonly collection: PlainCollectionName;
  readonly ordinal: number;
  readonly text: string;
  readonly goes_on?: true;
}

/** The documents with these ordinals were deleted, as far as there are any. The edges at them are deleted by events of their own before. */
export interface DocumentsDeleted {
  readonly collection: PlainCollectionName;
  readonly ordinals: Ranges;
  readonly deletion?: Deletion;
}

/** Edges were added. `UnitsLinked` makes edges `blocks` known to the engine. */
export interface EdgesAdded {
  readonly edge: EdgeName;
  readonly ordinals: Ranges;
  /** Ordinals of `_from` and `_to`. */
  readonly ends: readonly (readonly [from: number, to: number])[];
  /** Raw JSON by ordinal of the edge. */
  readonly data?: Readonly<Record<number, string>>;
  readonly keys?: Keys;
}

/** The edges with these ordinals were deleted, as far as there are any. `UnitsUnlinked` tells the engine about edges `blocks`. */
export interface EdgesDeleted {
  readonly edge: EdgeName;
  readonly ordinals: Ranges;
  readonly deletion?: Deletion;
}

/** Jobs were removed: what Torc adds to the engine's event. `units` has jobs only, each of them. */
export interface JobsRemoved extends UnitsRemoved {
  readonly deletion?: Deletion;
}

/** Jobs were added; `units` and `jobs` are in the same order. */
export interface JobsAdded extends ConcernsUnits {
  readonly units: Ranges;
  readonly workload_id: string;
  readonly jobs: readonly AddedJob[];
}

export interface AddedJob {
  /** Without `status` and `internal`. */
  readonly document: string;
  readonly status: string;
  readonly key?: string;
  /** Raw JSON of the five numbers of `internal`, if the caller gave them. */
  readonly requirements?: string;
  readonly scheduler?: string;
  readonly hash?: number;
}

/** A client overwrote a job. */
export interface JobReplaced extends ConcernsUnits {
  readonly units: Ranges;
  readonly job: AddedJob;
  readonly request_digest?: string;
}

/** Jobs got their copy of resource numbers and scheduler, and a status (Torc contract 5.1). */
export interface JobsInitialized extends ConcernsUnits {
  readonly units: Ranges;
  /** Raw JSON of the five numbers of `internal`. */
  readonly requirements: string;
  readonly scheduler: string;
  /** Absent: it stays. */
  readonly status?: string;
}

/** The document of the events collection that a change brings with it. */
interface ServerEvent {
  readonly ordinal: number;
  /** Raw JSON with the fields of Torc contract 5.13, `timestamp` too. */
  readonly document: string;
}

/** A worker has started a job: the attributes that Torc adds to `UnitStarted`. They imply the edge `executed` and the event. */
export interface JobStarted extends UnitStarted {
  readonly run_id: number;
  /** Ordinal of the compute node. */
  readonly compute_node: number;
  /** Ordinal of the edge. */
  readonly executed: number;
  readonly event: ServerEvent;
  readonly request_digest: string;
}

/** Attributes that Torc adds to the event that ends an attempt. They imply the result, the edge `returned` and the event. */
interface AttemptEnd {
  readonly compute_node: number;
  /** Ordinal and raw JSON of the result. */
  readonly result: { readonly ordinal: number; readonly document: string };
  /** Ordinal of the edge. */
  readonly returned: number;
  readonly event: ServerEvent;
  /** Hash of the job's inputs. */
  readonly input_hash: number;
  readonly request_digest: string;
}
/** A job has run to its end successfully. */
export type JobSucceeded = UnitSucceeded & AttemptEnd;
/** An attempt at a job failed; `status` says what comes next. */
export type JobFailed = UnitFailed & AttemptEnd;
/** With status `canceled`. */
export type JobCanceled = UnitsMoved & AttemptEnd;

/** The completion script was handed out to a caller, and may not have arrived (D33). */
export interface CompletionScriptHandedOut {
  readonly hand_out: string;
}
/** Whether it has arrived is known. If it has not, it counts as lost. */
export interface CompletionScriptSettled {
  readonly hand_out: string;
  readonly has_arrived: boolean;
}

/** An action of a workflow, which is no document of Torc: Cairn's own. */
export interface WorkflowAction {
  /** Number of the action in its workflow, from 1 on. */
  readonly number: number;
  /** Raw JSON, without `jobs` and `scheduler`. */
  readonly document: string;
  /** Ordinals of the jobs that it waits for. */
  readonly jobs: readonly number[];
  /** Ordinal of the Slurm scheduler that it asks for nodes. */
  readonly scheduler?: number;
}

/** Actions came with a specification. */
export interface ActionsAdded {
  readonly actions: readonly WorkflowAction[];
}

/** A worker carries out an action in a run. */
export interface ActionClaimed {
  readonly number: number;
  readonly run_id: number;
  readonly worker: string;
  /** Each worker carries it out for itself. */
  readonly by_each_worker?: true;
  /** When others may take it from the worker, in microseconds since the Unix epoch. Absent: never in this run. */
  readonly until_micros?: number;
}

/** A worker has carried out an action in a run. */
export interface ActionCompleted {
  readonly number: number;
  readonly run_id: number;
  readonly worker: string;
  /** Whether all went well. */
  readonly is_successful: boolean;
}

/** Events that only Torc records. Changes of jobs use the engine's events besides. */
export interface TorcEvents {
  readonly WorkflowCreated: WorkflowCreated;
  readonly WorkflowReplaced: WorkflowReplaced;
  readonly WorkflowDeleted: WorkflowDeleted;
  readonly DocumentsStored: DocumentsStored;
  readonly DocumentReplaced: DocumentReplaced;
  readonly DocumentContinued: DocumentContinued;
  readonly DocumentsDeleted: DocumentsDeleted;
  readonly EdgesAdded: EdgesAdded;
  readonly EdgesDeleted: EdgesDeleted;
  readonly JobsAdded: JobsAdded;
  readonly JobReplaced: JobReplaced;
  readonly JobsInitialized: JobsInitialized;
  readonly CompletionScriptHandedOut: CompletionScriptHandedOut;
  readonly CompletionScriptSettled: CompletionScriptSettled;
  readonly ActionsAdded: ActionsAdded;
  readonly ActionClaimed: ActionClaimed;
  readonly ActionCompleted: ActionCompleted;
}
