import type { DatabaseSync } from 'node:sqlite';
import type { PlainCollectionName } from '#contracts/torc/collections.js';
import type { EdgeName } from '#contracts/torc/edges.js';
import type { ReadyUnits } from '../engine/ready.js';
import type { UnitStore } from '../engine/unit-store.js';
import type { WorkloadId, Workloads } from '../workload/workloads.js';
import { codeOf } from './collection-code.js';
import { BlockCounts } from './document/block-counts.js';
import { CustomKeys } from './document/custom-keys.js';
import { Deletions } from './document/deletions.js';
import { DocumentRows } from './document/document-rows.js';
import { EdgeRows } from './edge/edge-rows.js';
import type { DeletedFrom, Edge, StoredDocument, TorcView, Workflow } from './view.js';
import { WorkflowRows } from './workflow/workflow-rows.js';

/** What one connection shows of workflows, documents and edges. */
export class TorcRows {
  readonly workflows: WorkflowRows;
  readonly keys: CustomKeys;
  readonly documents: DocumentRows;
  readonly edges: EdgeRows;
  readonly counts: BlockCounts;
  readonly deletions: Deletions;

  constructor(database: DatabaseSync, workloads: Workloads) {
    this.workflows = new WorkflowRows(database, workloads);
    this.keys = new CustomKeys(database);
    this.documents = new DocumentRows(database, this.keys);
    this.edges = new EdgeRows(database, this.keys);
    this.counts = new BlockCounts(database);
    this.deletions = new Deletions(database);
  }

  keyAt({ workload }: Workflow, ordinal: number): string {
    return this.keys.keyAt(workload, ordinal);
  }

  /** Which of these collections the document with an ordinal is in. */
  collectionAt({ workload }: Workflow, ordinal: number, of: readonly PlainCollectionName[]): PlainCollectionName {
    return of.find((collection) => this.documents.at(workload, collection, ordinal) !== undefined) ?? 'files';
  }
}

type JobParts =
  'job' | 'jobAt' | 'jobs' | 'states' | 'stateAt' | 'dependents' | 'blockers' | 'jobsOfStatus' | 'countOfStatus';

export type DocumentView = Omit<TorcView, JobParts>;

/** The state that deciders read, on the writing connection. */
export class SqliteTorcView implements DocumentView {
  private readonly rows: TorcRows;

  constructor(private readonly store: UnitStore) {
    this.rows = new TorcRows(store.database, store.reader.workloads);
  }

  get ready(): ReadyUnits {
    return this.store.ready;
  }

  workflow(key: string): Workflow | undefined {
    return this.rows.workflows.one(key);
  }

  nextWorkflowNumber(): number {
    return this.rows.workflows.nextNumber();
  }

  ordinalAfterDeletion(key: string): number | undefined {
    return this.rows.workflows.nextOrdinalOf(key);
  }

  deleted(
    workload: WorkloadId,
    collection: DeletedFrom,
    key: string,
    client: string,
    sinceMicros: number,
  ): string | undefined {
    return this.rows.deletions.find(workload, codeOf(collection), key, client, sinceMicros);
  }

  document({ workload }: Workflow, collection: PlainCollectionName, key: string): StoredDocument | undefined {
    return this.rows.documents.byKey(workload, collection, key);
  }

  documentAt({ workload }: Workflow, collection: PlainCollectionName, ordinal: number): StoredDocument | undefined {
    return this.rows.documents.at(workload, collection, ordinal);
  }

  documents({ workload }: Workflow, collection: PlainCollectionName): Iterable<StoredDocument> {
    return this.rows.documents.all(workload, collection);
  }

  documentsWith({ workload }: Workflow, collection: PlainCollectionName, value: string): Iterable<StoredDocument> {
    return this.rows.documents.having(workload, collection, value);
  }

  isKeyUsed({ workload }: Workflow, collection: PlainCollectionName | 'jobs' | EdgeName, key: string): boolean {
    return this.rows.keys.ordinalOf(workload, codeOf(collection), key) !== undefined;
  }

  edge({ workload }: Workflow, edge: EdgeName, key: string): Edge | undefined {
    return this.rows.edges.byKey(workload, edge, key);
  }

  edges({ workload }: Workflow, edge: EdgeName): Iterable<Edge> {
    return this.rows.edges.all(workload, edge);
  }

  ends({ workload }: Workflow, edge: EdgeName): Iterable<readonly [from: number, to: number]> {
    return this.rows.edges.ends(workload, edge);
  }

  edgesFrom({ workload }: Workflow, edge: EdgeName, ordinal: number): readonly Edge[] {
    return this.rows.edges.from(workload, edge, ordinal);
  }

  edgesTo({ workload }: Workflow, edge: EdgeName, ordinal: number): readonly Edge[] {
    return this.rows.edges.to(workload, edge, ordinal);
  }

  keyAt(workflow: Workflow, ordinal: number): string {
    return this.rows.keyAt(workflow, ordinal);
  }

  collectionAt(workflow: Workflow, ordinal: number, of: readonly PlainCollectionName[]): PlainCollectionName {
    return this.rows.collectionAt(workflow, ordinal, of);
  }
}
