import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type {
  Deletion,
  DocumentsDeleted,
  DocumentsStored,
  EdgesAdded,
  EdgesDeleted,
  JobCanceled,
  JobFailed,
  JobsAdded,
  JobsRemoved,
  JobStarted,
  JobSucceeded,
  WorkflowDeleted,
} from '#contracts/torc/events.js';
import type { TorcEventTypes } from '#contracts/torc/event-types.js';
import type { PlainCollectionName } from '#contracts/torc/collections.js';
import type { Ranges } from '#contracts/work-events.js';
import type { EventOf } from '#event-sourcing/event-of.js';
import type { AppliedEvent, Projection, ProjectionWriter } from '#event-sourcing/projection.js';
import { type WorkloadId, Workloads } from '../workload/workloads.js';
import { codeOf } from './collection-code.js';
import { BLOCK_TABLE, BlockCounts, inBlocks } from './document/block-counts.js';
import { type ChosenKeys, chosenKeys, CustomKeys, KEY_INDEX, KEY_TABLE } from './document/custom-keys.js';
import { DELETION_INDEX, DELETION_TABLE, Deletions } from './document/deletions.js';
import { DOCUMENT_INDEXES, DOCUMENT_TABLE, DocumentRows, documentText } from './document/document-rows.js';
import { DocumentWriter } from './document/document-writer.js';
import { EDGE_INDEXES, EDGE_TABLE } from './edge/edge-rows.js';
import { EdgeWriter } from './edge/edge-writer.js';
import { type RecentWorkflows, recentWorkflows, WORKFLOW_INDEXES, WORKFLOW_TABLES } from './workflow/workflow-rows.js';
import { WorkflowWriter } from './workflow/workflow-writer.js';
import { workloadName } from '../workload/told-names.js';

const EVENT_TYPES: readonly (keyof TorcEventTypes)[] = [
  ...(['WorkflowCreated', 'WorkflowReplaced', 'WorkflowDeleted'] as const),
  ...([
    'DocumentsStored',
    'DocumentReplaced',
    'DocumentContinued',
    'DocumentsDeleted',
    'EdgesAdded',
    'EdgesDeleted',
  ] as const),
  ...(['CompletionScriptHandedOut', 'CompletionScriptSettled'] as const),
  ...(['JobsAdded', 'JobsInitialized', 'UnitsRemoved'] as const),
  ...(['UnitStarted', 'UnitSucceeded', 'UnitFailed', 'UnitsMoved'] as const),
];

const JOBS = codeOf('jobs');
const WORKFLOWS = codeOf('workflows');

const lastOf = (ordinals: Ranges): number => ordinals.at(-1)?.[1] ?? 0;

/** Workflows, documents and edges of Torc, also those that the start and the end of a job bring with them. */
export const torcProjection: Projection = {
  name: 'torc',
  version: 6,
  streamPrefixes: ['work-torc.'],
  eventTypes: EVENT_TYPES,
  tables: WORKFLOW_TABLES + DOCUMENT_TABLE + EDGE_TABLE + BLOCK_TABLE + KEY_TABLE + DELETION_TABLE,
  names: Object.fromEntries(
    ['workflow', 'workflow_part', 'document', 'edge', 'block', 'key', 'deleted'].map((table) => [
      `torc_${table}.workload`,
      workloadName('t.workload'),
    ]),
  ),
  indexes: WORKFLOW_INDEXES + DOCUMENT_INDEXES + EDGE_INDEXES + KEY_INDEX + DELETION_INDEX,
  attach: (database) => new TorcWriter(database),
};

class TorcWriter implements ProjectionWriter {
  private readonly workloads: Workloads;
  private readonly counts: BlockCounts;
  private readonly chosen: ChosenKeys;
  private readonly keys: CustomKeys;
  private readonly deletions: Deletions;
  private readonly recent: RecentWorkflows;
  private readonly workflows: WorkflowWriter;
  private readonly documents: DocumentWriter;
  private readonly rows: DocumentRows;
  private readonly edges: EdgeWriter;
  private readonly deleteBlocks: StatementSync;
  private readonly deleteKeys: StatementSync;

  constructor(database: DatabaseSync) {
    this.workloads = new Workloads(database);
    this.counts = new BlockCounts(database);
    this.chosen = chosenKeys(database);
    this.keys = new CustomKeys(database, this.chosen);
    this.deletions = new Deletions(database);
    this.recent = recentWorkflows(database);
    this.workflows = new WorkflowWriter(database);
    this.documents = new DocumentWriter(database, this.counts, this.keys);
    this.rows = new DocumentRows(database, this.keys);
    this.edges = new EdgeWriter(database, this.counts, this.keys);
    this.deleteBlocks = database.prepare('DELETE FROM torc_block WHERE workload = ?');
    this.deleteKeys = database.prepare('DELETE FROM torc_key WHERE workload = ?');
  }

  apply({ stream, type, data, metadata }: AppliedEvent): void | Generator<void, void, void> {
    const { workload_id: name } = data;
    const workload = this.workloads.ensure(stream, typeof name === 'string' ? name : undefined);
    // Only the deciders of this service write these events, so that their types are known.
    const event = { type, data } as object as EventOf<TorcEventTypes>;
    switch (event.type) {
      case 'WorkflowCreated': {
        this.workflows.created(workload, event.data);
        return;
      }
      case 'WorkflowReplaced': {
        this.workflows.replaced(workload, event.data);
        return;
      }
      case 'WorkflowDeleted':
        return this.workflowDeleted(workload, event.data, metadata.timeMicros);
      case 'DocumentsStored':
        return this.documentsStored(workload, event.data);
      case 'DocumentReplaced': {
        this.documents.replace(workload, event.data);
        return;
      }
      case 'DocumentContinued': {
        const eventMs = this.documents.continue(workload, event.data);
        if (eventMs > 0) this.workflows.taken(workload, 0, eventMs);
        return;
      }
      case 'DocumentsDeleted':
        return this.documentsDeleted(workload, event.data, metadata.timeMicros);
      case 'EdgesAdded':
        return this.edgesAdded(workload, event.data);
      case 'EdgesDeleted':
        return this.edgesDeleted(workload, event.data, metadata.timeMicros);
      case 'CompletionScriptHandedOut': {
        this.workflows.handedOut(workload, event.data, metadata.timeMicros);
        return;
      }
      case 'CompletionScriptSettled': {
        this.workflows.settled(workload, event.data);
        return;
      }
      case 'JobsAdded': {
        this.jobsAdded(workload, event.data);
        return;
      }
      case 'JobsInitialized': {
        this.workflows.initialized(workload);
        return;
      }
      case 'UnitsRemoved': {
        this.jobsRemoved(workload, event.data, metadata.timeMicros);
        return;
      }
      case 'UnitStarted': {
        this.jobStarted(workload, event.data);
        return;
      }
      case 'UnitSucceeded':
      case 'UnitFailed':
      case 'UnitsMoved':
        if ('result' in event.data) this.jobEnded(workload, event.data);
    }
  }

  flush(): void {
    this.counts.write();
    this.recent.write();
  }

  forget(): void {
    this.workloads.forget();
    this.counts.forget();
    this.documents.forget();
    this.chosen.clear();
    this.recent.clear();
  }

  private documentsStored(workload: WorkloadId, data: DocumentsStored): void | Generator<void, void, void> {
    const [document] = data.documents;
    if (data.documents.length > 1 || document === undefined) return this.manyStored(workload, data);
    const ordinal = lastOf(data.ordinals);
    const eventMs = this.documents.store(
      workload,
      data.collection,
      ordinal,
      document,
      data.keys?.[ordinal],
      data.goes_on,
    );
    this.workflows.taken(workload, ordinal, eventMs);
  }

  private *manyStored(workload: WorkloadId, data: DocumentsStored): Generator<void, void, void> {
    const eventMs = yield* this.documents.storeAll(workload, data);
    this.workflows.taken(workload, lastOf(data.ordinals), eventMs);
  }

  private *documentsDeleted(
    workload: WorkloadId,
    { collection, ordinals, deletion }: DocumentsDeleted,
    timeMicros: number,
  ): Generator<void, void, void> {
    const answered = deletion && this.withDocument(workload, collection, lastOf(ordinals), deletion);
    yield* this.documents.delete(workload, codeOf(collection), ordinals);
    if (answered !== undefined) this.deletions.record(workload, codeOf(collection), answered, timeMicros);
  }

  /** A document that was too large for the event is still there. */
  private withDocument(
    workload: WorkloadId,
    collection: PlainCollectionName,
    ordinal: number,
    deletion: Deletion,
  ): Deletion {
    if (deletion.document !== undefined) return deletion;
    const stored = this.rows.at(workload, collection, ordinal);
    const workflow = { key: this.workloads.nameOf(workload) };
    return stored === undefined ? deletion : { ...deletion, document: documentText(workflow, collection, stored) };
  }

  private *edgesAdded(workload: WorkloadId, data: EdgesAdded): Generator<void, void, void> {
    yield* this.edges.addAll(workload, data);
    this.workflows.taken(workload, lastOf(data.ordinals));
  }

  private *edgesDeleted(
    workload: WorkloadId,
    { edge, ordinals, deletion }: EdgesDeleted,
    timeMicros: number,
  ): Generator<void, void, void> {
    yield* this.edges.delete(workload, codeOf(edge), ordinals);
    if (deletion !== undefined) this.deletions.record(workload, codeOf(edge), deletion, timeMicros);
  }

  private jobsAdded(workload: WorkloadId, { units, jobs }: JobsAdded): void {
    let at = 0;
    for (const [first, last] of inBlocks(units)) {
      this.counts.change(workload, JOBS, first, last - first + 1);
      for (let ordinal = first; ordinal <= last; ordinal += 1) {
        const key = jobs[at]?.key;
        if (key !== undefined) this.keys.choose(workload, JOBS, key, ordinal);
        at += 1;
      }
    }
    this.workflows.taken(workload, lastOf(units));
  }

  private jobsRemoved(workload: WorkloadId, { units, deletion }: JobsRemoved, timeMicros: number): void {
    for (const [first, last] of inBlocks(units)) this.counts.change(workload, JOBS, first, first - last - 1);
    if (deletion !== undefined) this.deletions.record(workload, JOBS, deletion, timeMicros);
  }

  private jobStarted(workload: WorkloadId, data: JobStarted): void {
    const { units, run_id: runId, compute_node: from, executed: ordinal, event } = data;
    this.edges.add(workload, 'executed', { ordinal, from, to: lastOf(units), data: `{"run_id":${runId}}` });
    const eventMs = this.documents.store(workload, 'events', event.ordinal, event.document);
    this.workflows.taken(workload, Math.max(ordinal, event.ordinal), eventMs);
  }

  private jobEnded(
    workload: WorkloadId,
    { units, result, returned, event }: JobSucceeded | JobFailed | JobCanceled,
  ): void {
    this.documents.store(workload, 'results', result.ordinal, result.document);
    this.edges.add(workload, 'returned', { ordinal: returned, from: lastOf(units), to: result.ordinal });
    const eventMs = this.documents.store(workload, 'events', event.ordinal, event.document);
    this.workflows.taken(workload, Math.max(result.ordinal, returned, event.ordinal), eventMs);
  }

  private *workflowDeleted(
    workload: WorkloadId,
    { deletion }: WorkflowDeleted,
    timeMicros: number,
  ): Generator<void, void, void> {
    const all = this.workflows.ordinalsOf(workload);
    for (const code of this.counts.collectionsOf(workload)) {
      yield* this.documents.delete(workload, code, all);
      yield* this.edges.delete(workload, code, all);
    }
    this.counts.write();
    this.deleteBlocks.run(workload);
    this.deleteKeys.run(workload);
    this.deletions.forget(workload);
    this.deletions.record(workload, WORKFLOWS, deletion, timeMicros);
    this.workflows.deleted(workload);
  }
}
