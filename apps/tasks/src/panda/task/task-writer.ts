import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { TaskSubmitted } from '#contracts/panda/events.js';
import { isFinalTask, type TaskStatus } from '#contracts/panda/statuses.js';
import { microsOfTime } from '#contracts/panda/times.js';
import { type ArrayStatement, arrayStatement } from '#event-sourcing/array-statement.js';
import type { WorkloadId } from '../../workload/workloads.js';
import type { DatasetRows } from '../file/dataset-rows.js';
import { inputCounts } from '../file/input-counts.js';
import { evolveTask, submittedTask, type TaskEvent, type TaskRecord } from './task.js';
import { recordOf } from './task-rows.js';

/** Writes tasks, their status log and their attempts. */
export class TaskWriter {
  private readonly select: ArrayStatement<readonly [WorkloadId, TaskStatus, string, string | null]>;
  private readonly replace: StatementSync;
  private readonly log: StatementSync;
  private readonly beginAttempt: StatementSync;
  private readonly endAttempt: StatementSync;

  constructor(
    database: DatabaseSync,
    private readonly datasets: DatasetRows,
  ) {
    this.select = arrayStatement(database, 'SELECT workload, status, attributes, command FROM panda_task WHERE id = ?');
    this.replace = database.prepare(
      `INSERT INTO panda_task (id, workload, status, name, user, vo, label, parent, jumbo, modified, attributes, command)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
       ON CONFLICT DO UPDATE SET status = excluded.status, name = excluded.name, user = excluded.user, vo = excluded.vo, label = excluded.label,
         parent = excluded.parent, jumbo = excluded.jumbo, modified = excluded.modified, attributes = excluded.attributes,
         command = excluded.command`,
    );
    this.log = database.prepare(
      'INSERT INTO panda_status_log (task, time, status, attempt, reason, command) VALUES (?, ?, ?, ?, ?, ?)',
    );
    this.beginAttempt = database.prepare(
      'INSERT OR IGNORE INTO panda_task_attempt (task, attempt, started, start_status) VALUES (?, ?, ?, ?)',
    );
    this.endAttempt = database.prepare(
      `UPDATE panda_task_attempt SET ended = ?, end_status = ?, files = ?, finished = ?, failed = ? WHERE task = ? AND attempt = ?`,
    );
  }

  submitted(workload: WorkloadId, { task_id: id, set }: TaskSubmitted, timeMicros: number): void {
    const task = submittedTask(set, timeMicros);
    this.store(id, workload, task, timeMicros);
    this.log.run(id, timeMicros, task.status, attemptOf(task), null, null);
    this.beginAttempt.run(id, attemptOf(task), timeMicros, task.status);
  }

  changed(id: number, event: TaskEvent, timeMicros: number): void {
    const row = this.select.get(id);
    if (row === undefined) return;
    const [workload, status, attributes, command] = row;
    const before = recordOf(status, attributes, command);
    const after = evolveTask(before, event, timeMicros);
    this.store(id, workload, after, timeMicros);
    this.record(id, before, after, event, timeMicros);
  }

  private store(
    id: number,
    workload: WorkloadId,
    { status, attributes, command }: TaskRecord,
    timeMicros: number,
  ): void {
    const { taskName = '', userName = '', vo = '', prodSourceLabel = '', parent_tid: parent = null } = attributes;
    const modified = microsOfTime(attributes.modificationTime ?? '') ?? timeMicros;
    this.replace.run(
      ...[id, workload, status, taskName, userName, vo, prodSourceLabel, parent, attributes.useJumbo ?? null],
      ...[modified, JSON.stringify(attributes), command === undefined ? null : JSON.stringify(command)],
    );
  }

  private record(id: number, before: TaskRecord, after: TaskRecord, { data }: TaskEvent, timeMicros: number): void {
    const reason = 'reason' in data ? data.reason : undefined;
    const command = 'command' in data ? data.command : undefined;
    const isMoved = after.status !== before.status;
    if (isMoved || reason !== undefined) {
      this.log.run(id, timeMicros, after.status, attemptOf(after), reason ?? null, command ?? null);
    }
    if (attemptOf(after) !== attemptOf(before)) this.beginAttempt.run(id, attemptOf(after), timeMicros, after.status);
    if (!isMoved || !isFinalTask(after.status)) return;
    const { files, finished, failed } = inputCounts(this.datasets.ofTask(id));
    this.endAttempt.run(timeMicros, after.status, files, finished, failed, id, attemptOf(after));
  }
}

const attemptOf = ({ attributes }: TaskRecord): number => attributes.attemptNr ?? 0;
