import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { WorkflowAction } from '#contracts/torc/events.js';
import { type ArrayStatement, arrayStatement } from '#event-sourcing/array-statement.js';
import { perConnection } from '#event-sourcing/per-connection.js';
import type { WorkloadId } from '../../workload/workloads.js';

/** Actions that came with specifications, and who carries them out in each run. */
export const ACTION_TABLES = `
CREATE TABLE torc_action (
  workload INTEGER NOT NULL,
  number INTEGER NOT NULL,
  document TEXT NOT NULL,
  jobs TEXT NOT NULL,
  scheduler INTEGER,
  PRIMARY KEY (workload, number)
) STRICT, WITHOUT ROWID;
CREATE TABLE torc_action_claim (
  workload INTEGER NOT NULL,
  number INTEGER NOT NULL,
  run_id INTEGER NOT NULL,
  worker TEXT NOT NULL,
  PRIMARY KEY (workload, number, run_id)
) STRICT, WITHOUT ROWID;`;

export type StoredAction = WorkflowAction;

type Values = readonly [number: number, document: string, jobs: string, scheduler: number | null];

const actionOf = ([number, document, jobs, scheduler]: Values): StoredAction => ({
  number,
  document,
  jobs: JSON.parse(jobs) as number[],
  ...(scheduler !== null && { scheduler }),
});

/** Reads actions through one connection. */
export class ActionRows {
  private readonly selectAll: ArrayStatement<Values>;
  private readonly selectOne: ArrayStatement<Values>;
  private readonly selectClaim: StatementSync;

  constructor(database: DatabaseSync) {
    const of = 'SELECT number, document, jobs, scheduler FROM torc_action WHERE workload = ?';
    this.selectAll = arrayStatement(database, `${of} ORDER BY number`);
    this.selectOne = arrayStatement(database, `${of} AND number = ?`);
    this.selectClaim = database.prepare(
      'SELECT worker FROM torc_action_claim WHERE workload = ? AND number = ? AND run_id = ?',
    );
  }

  all(workload: WorkloadId): StoredAction[] {
    return this.selectAll.all(workload).map(actionOf);
  }

  one(workload: WorkloadId, number: number): StoredAction | undefined {
    const row = this.selectOne.get(workload, number);
    return row === undefined ? undefined : actionOf(row);
  }

  /** The worker that has claimed an action in a run. */
  workerOf(workload: WorkloadId, number: number, runId: number): string | undefined {
    const row = this.selectClaim.get(workload, number, runId);
    return row === undefined ? undefined : String(row['worker']);
  }
}

export const actionRowsOn = perConnection((database) => new ActionRows(database));
