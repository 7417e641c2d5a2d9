import type { DatabaseSync } from 'node:sqlite';
import type { WorkflowAction } from '#contracts/torc/events.js';
import { type ArrayStatement, arrayStatement } from '#event-sourcing/array-statement.js';
import { perConnection } from '#event-sourcing/per-connection.js';
import type { WorkloadId } from '../../workload/workloads.js';

/**
 * Actions that came with specifications, and who carries them out in each run. `place` is the worker when each carries the action out for
 * itself, and empty when one does it for all.
 */
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
  place TEXT NOT NULL,
  worker TEXT NOT NULL,
  until_micros INTEGER,
  is_successful INTEGER,
  PRIMARY KEY (workload, number, run_id, place)
) STRICT, WITHOUT ROWID;`;

export type StoredAction = WorkflowAction;

/** Who carries out an action in a run. */
export interface ActionClaim {
  readonly worker: string;
  /** When others may take it, in microseconds since the Unix epoch; `undefined` when they may not. */
  readonly untilMicros: number | undefined;
  /** Whether it went well; `undefined` as long as it is not carried out. */
  readonly isSuccessful: boolean | undefined;
}

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
  private readonly selectClaim: ArrayStatement<
    readonly [worker: string, until: number | null, isSuccessful: number | null]
  >;

  constructor(database: DatabaseSync) {
    const of = 'SELECT number, document, jobs, scheduler FROM torc_action WHERE workload = ?';
    this.selectAll = arrayStatement(database, `${of} ORDER BY number`);
    this.selectOne = arrayStatement(database, `${of} AND number = ?`);
    this.selectClaim = arrayStatement(
      database,
      `SELECT worker, until_micros, is_successful FROM torc_action_claim
       WHERE workload = ? AND number = ? AND run_id = ? AND place = ?`,
    );
  }

  all(workload: WorkloadId): StoredAction[] {
    return this.selectAll.all(workload).map(actionOf);
  }

  one(workload: WorkloadId, number: number): StoredAction | undefined {
    const row = this.selectOne.get(workload, number);
    return row === undefined ? undefined : actionOf(row);
  }

  /** The newest claim of an action in a run; `place` is the worker when each carries it out for itself. */
  claimOf(workload: WorkloadId, number: number, runId: number, place: string): ActionClaim | undefined {
    const row = this.selectClaim.get(workload, number, runId, place);
    if (row === undefined) return undefined;
    const [worker, until, isSuccessful] = row;
    return {
      worker,
      untilMicros: until ?? undefined,
      isSuccessful: isSuccessful === null ? undefined : isSuccessful === 1,
    };
  }
}

export const actionRowsOn = perConnection((database) => new ActionRows(database));
