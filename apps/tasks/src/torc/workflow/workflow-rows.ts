import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { revisionText } from '#contracts/torc/ids.js';
import type { WorkflowPart } from '#contracts/torc/workflows.js';
import { perConnection } from '#event-sourcing/per-connection.js';
import type { WorkloadId, Workloads } from '../../workload/workloads.js';
import { withIdentity } from '../document-text.js';
import { TORC } from '../streams.js';
import type { HandOut, Workflow } from '../view.js';

/**
 * A row stays after the deletion of its workflow: ordinals and numbers go on. `last_event` is the greatest time given to an event. The
 * documents are in a table of their own, because the counters change with every document that is stored. `initialized_run` is the run in
 * which jobs were initialized last, 0 when they never were.
 */
export const WORKFLOW_TABLES = `
CREATE TABLE torc_workflow (
  workload INTEGER PRIMARY KEY,
  number INTEGER NOT NULL,
  key TEXT NOT NULL,
  is_deleted INTEGER NOT NULL,
  first_ordinal INTEGER NOT NULL,
  next_ordinal INTEGER NOT NULL,
  last_event INTEGER NOT NULL,
  run_id INTEGER NOT NULL,
  initialized_run INTEGER NOT NULL,
  is_canceled INTEGER NOT NULL,
  is_archived INTEGER NOT NULL,
  hand_out TEXT,
  hand_out_time INTEGER,
  hand_out_settled INTEGER NOT NULL,
  hand_outs_lost INTEGER NOT NULL
) STRICT;
CREATE TABLE torc_workflow_part (
  workload INTEGER NOT NULL,
  part INTEGER NOT NULL,
  document TEXT NOT NULL,
  writes INTEGER NOT NULL,
  digest TEXT,
  PRIMARY KEY (workload, part)
) STRICT, WITHOUT ROWID;`;

export const WORKFLOW_INDEXES = `
CREATE INDEX torc_workflow_number ON torc_workflow (number);
CREATE INDEX torc_workflow_present ON torc_workflow (number) WHERE is_deleted = 0;`;

/** The parts of a workflow by the integers that the table has for them. */
export const PARTS: readonly WorkflowPart[] = ['workflow', 'config', 'status'];

/** Collections of the parts in full ids. */
const COLLECTION_OF: Readonly<Record<WorkflowPart, string>> = {
  workflow: 'workflows',
  config: 'workflow_configs',
  status: 'workflow_statuses',
};

/** A row, without the documents. */
interface WorkflowRow {
  readonly workload: number;
  readonly number: number;
  readonly key: string;
  readonly first_ordinal: number;
  readonly next_ordinal: number;
  readonly last_event: number;
  readonly run_id: number;
  readonly initialized_run: number;
  readonly is_canceled: number;
  readonly is_archived: number;
  readonly hand_out: string | null;
  readonly hand_out_time: number | null;
  readonly hand_out_settled: number;
  readonly hand_outs_lost: number;
}

interface PartRow {
  readonly document: string;
  readonly writes: number;
  readonly digest: string | null;
}

/** A workflow whose documents are read when they are asked for: claims and reports need none. */
class StoredWorkflow implements Workflow {
  private readonly parts = new Map<WorkflowPart, PartRow>();

  constructor(
    private readonly row: WorkflowRow,
    readonly stream: string,
    private readonly read: (part: WorkflowPart) => PartRow,
  ) {}

  get key(): string {
    return this.row.key;
  }
  get workload(): WorkloadId {
    return this.row.workload;
  }
  get number(): number {
    return this.row.number;
  }
  get firstOrdinal(): number {
    return this.row.first_ordinal;
  }
  get nextOrdinal(): number {
    return this.row.next_ordinal;
  }
  get lastEventMs(): number {
    return this.row.last_event;
  }
  get document(): string {
    return this.part('workflow').document;
  }
  get writes(): number {
    return this.part('workflow').writes;
  }
  get config(): string {
    return this.part('config').document;
  }
  get configWrites(): number {
    return this.part('config').writes;
  }
  get status(): string {
    return this.part('status').document;
  }
  get statusWrites(): number {
    return this.part('status').writes;
  }
  get isArchived(): boolean {
    return this.row.is_archived === 1;
  }
  get isCanceled(): boolean {
    return this.row.is_canceled === 1;
  }
  get runId(): number {
    return this.row.run_id;
  }
  get initializedRun(): number {
    return this.row.initialized_run;
  }

  get handOut(): HandOut | undefined {
    const { hand_out: id, hand_out_time: time, hand_out_settled: settled, hand_outs_lost: lost } = this.row;
    return id === null ? undefined : { id, timeMicros: time ?? 0, isSettled: settled === 1, lost };
  }

  requestDigestOf(part: WorkflowPart): string | undefined {
    return this.part(part).digest ?? undefined;
  }

  private part(part: WorkflowPart): PartRow {
    let row = this.parts.get(part);
    if (row === undefined) this.parts.set(part, (row = this.read(part)));
    return row;
  }
}

/** Bound of {@link RecentWorkflows}. */
const RECENT_MAX = 1_000;

/** Columns that each document that is stored may raise. */
type Counters = Pick<WorkflowRow, 'next_ordinal' | 'last_event'>;

const NOT_RAISED: Counters = { next_ordinal: 0, last_event: 0 };

const higher = ({ next_ordinal, last_event }: Counters, nextOrdinal: number, eventMs: number): Counters => ({
  next_ordinal: Math.max(next_ordinal, nextOrdinal),
  last_event: Math.max(last_event, eventMs),
});

/** Rows that were read last on the writing connection: each claim and each report reads its workflow, and raises its counters. */
export class RecentWorkflows {
  private readonly rows = new Map<WorkloadId, WorkflowRow>();
  /** Counters that are to be written: once, at the end of the transaction or when somebody reads the row. */
  private readonly raised = new Map<WorkloadId, Counters>();
  private readonly update: StatementSync;

  constructor(database: DatabaseSync) {
    this.update = database.prepare(
      'UPDATE torc_workflow SET next_ordinal = max(next_ordinal, ?), last_event = max(last_event, ?) WHERE workload = ?',
    );
  }

  get(workload: WorkloadId): WorkflowRow | undefined {
    return this.rows.get(workload);
  }

  remember(row: WorkflowRow): void {
    if (this.rows.size >= RECENT_MAX) this.rows.clear();
    this.rows.set(row.workload, row);
  }

  /** Raises its counters. */
  raise(workload: WorkloadId, nextOrdinal: number, eventMs: number): void {
    const row = this.rows.get(workload);
    if (row !== undefined) this.rows.set(workload, { ...row, ...higher(row, nextOrdinal, eventMs) });
    this.raised.set(workload, higher(this.raised.get(workload) ?? NOT_RAISED, nextOrdinal, eventMs));
  }

  /** Writes counters that were raised. */
  write(): void {
    for (const [workload, raised] of this.raised) this.update.run(raised.next_ordinal, raised.last_event, workload);
    this.raised.clear();
  }

  /** Its row is changed otherwise. */
  drop(workload: WorkloadId): void {
    this.rows.delete(workload);
  }

  /** Drops what may belong to a transaction that was rolled back. */
  clear(): void {
    this.rows.clear();
    this.raised.clear();
  }
}

/** Those of a connection that writes. */
export const recentWorkflows = perConnection((database) => new RecentWorkflows(database));

/** Raw JSON of a part of a workflow without `_key`, `_id`, `_rev`. */
export const partOf = (workflow: Workflow, part: WorkflowPart): string =>
  part === 'workflow' ? workflow.document : part === 'config' ? workflow.config : workflow.status;

const writesOf = (workflow: Workflow, part: WorkflowPart): number =>
  part === 'workflow' ? workflow.writes : part === 'config' ? workflow.configWrites : workflow.statusWrites;

export const partId = (part: WorkflowPart, key: string): string => `${COLLECTION_OF[part]}/${key}`;

/** The revision of a part of the workflow with a number. */
export const partRevision = ({ number }: Pick<Workflow, 'number'>, writes: number): string =>
  revisionText(number, writes);

/** `_rev` that a part has. */
export const currentRevision = (workflow: Workflow, part: WorkflowPart): string =>
  partRevision(workflow, writesOf(workflow, part));

/** `_rev` that a part has after its next write. */
export const nextRevision = (workflow: Workflow, part: WorkflowPart): string =>
  partRevision(workflow, writesOf(workflow, part) + 1);

/** A part of a workflow as clients get it. Config and status have the key of their workflow. */
export const partText = (workflow: Workflow, part: WorkflowPart): string =>
  withIdentity(partOf(workflow, part), {
    key: workflow.key,
    id: partId(part, workflow.key),
    rev: currentRevision(workflow, part),
  });

/** Reads workflows through one connection. */
export class WorkflowRows {
  private readonly select: StatementSync;
  private readonly selectFormer: StatementSync;
  private readonly selectPart: StatementSync;
  private readonly selectLastNumber: StatementSync;
  private readonly selectAfter: StatementSync;
  private readonly selectCount: StatementSync;

  /** @param recent of the writing connection only: what others read may be changed by it at any time */
  constructor(
    database: DatabaseSync,
    private readonly workloads: Workloads,
    private readonly recent?: RecentWorkflows,
  ) {
    this.select = database.prepare('SELECT * FROM torc_workflow WHERE workload = ? AND is_deleted = 0');
    this.selectFormer = database.prepare('SELECT next_ordinal FROM torc_workflow WHERE workload = ?');
    this.selectPart = database.prepare(
      'SELECT document, writes, digest FROM torc_workflow_part WHERE workload = ? AND part = ?',
    );
    this.selectLastNumber = database.prepare('SELECT max(number) AS last FROM torc_workflow');
    this.selectCount = database.prepare('SELECT count(*) AS n FROM torc_workflow WHERE is_deleted = 0');
    this.selectAfter = database.prepare(
      'SELECT * FROM torc_workflow WHERE number > ? AND is_deleted = 0 ORDER BY number LIMIT ? OFFSET ?',
    );
  }

  one(key: string): Workflow | undefined {
    const workload = this.workloads.find(TORC, key);
    if (workload === undefined) return undefined;
    const recent = this.recent?.get(workload);
    if (recent !== undefined) return this.workflowOf(recent);
    this.recent?.write();
    const row = this.select.get(workload) as WorkflowRow | undefined;
    if (row === undefined) return undefined;
    this.recent?.remember(row);
    return this.workflowOf(row);
  }

  /** The next ordinal of a workflow that has been, deleted or not. */
  nextOrdinalOf(key: string): number | undefined {
    const workload = this.workloads.find(TORC, key);
    this.recent?.write();
    const row = workload === undefined ? undefined : this.selectFormer.get(workload);
    return row === undefined ? undefined : Number(row['next_ordinal']);
  }

  nextNumber(): number {
    return Number(this.selectLastNumber.get()?.['last'] ?? 0) + 1;
  }

  count(): number {
    return Number(this.selectCount.get()?.['n'] ?? 0);
  }

  /** Workflows in order of creation. */
  after(number: number, limit: number, skip: number): Workflow[] {
    this.recent?.write();
    return this.selectAfter.all(number, limit, skip).map((row) => this.workflowOf(row as object as WorkflowRow));
  }

  private workflowOf(row: WorkflowRow): Workflow {
    return new StoredWorkflow(
      row,
      this.workloads.workStreamOf(row.workload),
      (part) => this.selectPart.get(row.workload, PARTS.indexOf(part)) as object as PartRow,
    );
  }
}
