import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type {
  CompletionScriptHandedOut,
  CompletionScriptSettled,
  WorkflowCreated,
  WorkflowReplaced,
} from '#contracts/torc/events.js';
import type { WorkflowPart } from '#contracts/torc/workflows.js';
import type { Ranges } from '#contracts/work-events.js';
import type { WorkloadId } from '../../workload/workloads.js';
import { PARTS, type RecentWorkflows, recentWorkflows } from './workflow-rows.js';

interface StatusFields {
  readonly run_id?: number;
  readonly is_canceled?: boolean;
}

/** Writes workflows, their config and their status. */
export class WorkflowWriter {
  private readonly create: StatementSync;
  private readonly insertPart: StatementSync;
  private readonly replacePart: StatementSync;
  private readonly deleteParts: StatementSync;
  private readonly setStatus: StatementSync;
  private readonly setInitialized: StatementSync;
  private readonly setArchived: StatementSync;
  private readonly setDeleted: StatementSync;
  private readonly selectOrdinals: StatementSync;
  private readonly handOut: StatementSync;
  private readonly forgetHandOut: StatementSync;
  private readonly settle: StatementSync;
  private readonly recent: RecentWorkflows;

  constructor(database: DatabaseSync) {
    this.recent = recentWorkflows(database);
    this.create = database.prepare(
      `INSERT OR REPLACE INTO torc_workflow (workload, number, key, is_deleted, first_ordinal, next_ordinal, last_event, run_id,
         initialized_run, is_canceled, is_archived, hand_out_settled, hand_outs_lost)
       VALUES (?1, ?2, ?3, 0, ?4, ?4, 0, 0, 0, 0, 0, 0, 0)`,
    );
    this.insertPart = database.prepare(
      'INSERT OR REPLACE INTO torc_workflow_part (workload, part, document, writes, digest) VALUES (?, ?, ?, 1, NULL)',
    );
    this.replacePart = database.prepare(
      'UPDATE torc_workflow_part SET document = ?, writes = writes + 1, digest = ? WHERE workload = ? AND part = ?',
    );
    this.deleteParts = database.prepare('DELETE FROM torc_workflow_part WHERE workload = ?');
    this.setStatus = database.prepare('UPDATE torc_workflow SET run_id = ?, is_canceled = ? WHERE workload = ?');
    this.setInitialized = database.prepare(
      'UPDATE torc_workflow SET initialized_run = run_id WHERE workload = ? AND initialized_run <> run_id',
    );
    this.setArchived = database.prepare('UPDATE torc_workflow SET is_archived = ? WHERE workload = ?');
    this.setDeleted = database.prepare('UPDATE torc_workflow SET is_deleted = 1 WHERE workload = ?');
    this.selectOrdinals = database.prepare('SELECT first_ordinal, next_ordinal FROM torc_workflow WHERE workload = ?');
    this.handOut = database.prepare(
      'UPDATE torc_workflow SET hand_out = ?, hand_out_time = ?, hand_out_settled = 0 WHERE workload = ?',
    );
    this.forgetHandOut = database.prepare(
      'UPDATE torc_workflow SET hand_out = NULL, hand_out_time = NULL, hand_out_settled = 0, hand_outs_lost = 0 WHERE workload = ?',
    );
    this.settle = database.prepare(
      `UPDATE torc_workflow SET hand_out_settled = 1, hand_outs_lost = hand_outs_lost + ? WHERE workload = ? AND hand_out = ?`,
    );
  }

  created(workload: WorkloadId, data: WorkflowCreated): void {
    this.recent.drop(workload);
    this.recent.write();
    this.create.run(workload, data.number, data.workload_id, data.next_ordinal);
    for (const [at, part] of PARTS.entries()) {
      this.insertPart.run(workload, at, data[part]);
      this.derive(workload, part, data[part]);
    }
  }

  replaced(workload: WorkloadId, data: WorkflowReplaced): void {
    this.recent.drop(workload);
    const { part, document, request_digest: digest } = data;
    if (data.is_reset === true) this.forgetHandOut.run(workload);
    this.replacePart.run(document, digest ?? null, workload, PARTS.indexOf(part));
    this.derive(workload, part, document);
  }

  /** Its jobs, or some of them, were initialized in its current run. */
  initialized(workload: WorkloadId): void {
    if (this.setInitialized.run(workload).changes > 0) this.recent.drop(workload);
  }

  /** Ordinals up to this one are taken. `eventMs` is the time of an event that was stored. */
  taken(workload: WorkloadId, ordinal: number, eventMs = 0): void {
    this.recent.raise(workload, ordinal + 1, eventMs);
  }

  /** Ordinals that the workflow has given. */
  ordinalsOf(workload: WorkloadId): Ranges {
    this.recent.write();
    const row = this.selectOrdinals.get(workload);
    return row === undefined ? [] : [[Number(row['first_ordinal']), Number(row['next_ordinal']) - 1]];
  }

  deleted(workload: WorkloadId): void {
    this.recent.drop(workload);
    this.deleteParts.run(workload);
    this.setDeleted.run(workload);
  }

  handedOut(workload: WorkloadId, { hand_out: id }: CompletionScriptHandedOut, timeMicros: number): void {
    this.recent.drop(workload);
    this.handOut.run(id, timeMicros, workload);
  }

  settled(workload: WorkloadId, { hand_out: id, has_arrived: hasArrived }: CompletionScriptSettled): void {
    this.recent.drop(workload);
    this.settle.run(hasArrived ? 0 : 1, workload, id);
  }

  /** Columns that deciders read without the documents. */
  private derive(workload: WorkloadId, part: WorkflowPart, document: string): void {
    if (part === 'status') {
      const { run_id: runId = 0, is_canceled: isCanceled = false } = JSON.parse(document) as StatusFields;
      this.setStatus.run(runId, isCanceled ? 1 : 0, workload);
    } else if (part === 'workflow') {
      const { is_archived: isArchived } = JSON.parse(document) as { readonly is_archived?: boolean | null };
      this.setArchived.run(isArchived === true ? 1 : 0, workload);
    }
  }
}
