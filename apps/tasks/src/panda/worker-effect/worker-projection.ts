import type { DatabaseSync } from 'node:sqlite';
import { FINAL_WORKER_STATUSES, isFinalWorker } from '#contracts/panda/statuses.js';
import { type HarvesterEvents, WORKER_KEPT_MICROS, WORKERS_FORGOTTEN_MAX } from '#contracts/panda/worker-events.js';
import type { AppliedEvent, Projection, ProjectionWriter } from '#event-sourcing/projection.js';
import type { WorkerKey } from './worker-view.js';

const REPORTED: keyof HarvesterEvents = 'WorkersReported';

const FINAL = `(${FINAL_WORKER_STATUSES.map((status) => `'${status}'`).join(', ')})`;

/** Which workers are final and say something of their jobs (contract 4.5). */
export const DECISIVE = `status IN ${FINAL} AND (error_code <> 0 OR sync_level = 1)`;

/** The copy of harvester's workers, as far as it matters for jobs, and the relations of workers and jobs. */
export class WorkerProjection implements Projection {
  readonly name = 'panda-worker';
  readonly version = 2;
  readonly streamPrefixes = ['worker-panda.'];
  readonly eventTypes = [REPORTED];
  readonly tables = `
    CREATE TABLE panda_worker (
      harvester TEXT NOT NULL,
      worker INTEGER NOT NULL,
      status TEXT NOT NULL,
      end_time TEXT,
      diag TEXT,
      error_code INTEGER NOT NULL,
      sync_level INTEGER NOT NULL,
      updated INTEGER NOT NULL,
      PRIMARY KEY (harvester, worker)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE panda_job_worker (
      panda_id INTEGER NOT NULL,
      harvester TEXT NOT NULL,
      worker INTEGER NOT NULL,
      PRIMARY KEY (panda_id, harvester, worker)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX panda_worker_updated ON panda_worker (updated);
    CREATE INDEX panda_worker_jobs ON panda_job_worker (harvester, worker, panda_id);`;
  readonly indexes = `CREATE INDEX panda_worker_decisive ON panda_worker (harvester, worker, updated) WHERE ${DECISIVE};`;
  private ended: ((worker: WorkerKey) => void) | undefined;

  attach(database: DatabaseSync): ProjectionWriter {
    const select = database.prepare('SELECT * FROM panda_worker WHERE harvester = ? AND worker = ?');
    const replace = database.prepare(
      `INSERT OR REPLACE INTO panda_worker (harvester, worker, status, end_time, diag, error_code, sync_level, updated)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
    );
    const clearJobs = database.prepare('DELETE FROM panda_job_worker WHERE harvester = ? AND worker = ?');
    const addJob = database.prepare(
      'INSERT OR IGNORE INTO panda_job_worker (panda_id, harvester, worker) VALUES (?, ?, ?)',
    );
    const selectOld = database.prepare(
      `SELECT harvester, worker FROM panda_worker AS old WHERE updated < ?
         AND worker < (SELECT MAX(worker) FROM panda_worker WHERE harvester = old.harvester)
       ORDER BY updated LIMIT ${WORKERS_FORGOTTEN_MAX}`,
    );
    const forget = database.prepare('DELETE FROM panda_worker WHERE harvester = ? AND worker = ?');
    return {
      apply: ({ data, metadata: { timeMicros } }: AppliedEvent) => {
        // Types are ours from the ledger on: written by the service `pilots` only.
        const { harvester_id: harvesterId, workers } = data as object as HarvesterEvents['WorkersReported'];
        for (const { worker_id: workerId, set, jobs, adds_jobs: added = [] } of workers) {
          const row = select.get(harvesterId, workerId);
          const kept = <Value>(value: Value | undefined, column: string): Value | string | number | null =>
            value ?? (value === null ? null : ((row?.[column] ?? null) as string | number | null));
          const status = String(kept(set.status, 'status') ?? '');
          const [endTime, diag] = [kept(set.endTime, 'end_time'), kept(set.diagMessage, 'diag')];
          const [code, level] = [kept(set.errorCode, 'error_code') ?? 0, kept(set.syncLevel, 'sync_level') ?? 0];
          replace.run(harvesterId, workerId, status, endTime, diag, code, level, timeMicros);
          if (jobs !== undefined) clearJobs.run(harvesterId, workerId);
          for (const pandaId of [...(jobs ?? []), ...added]) addJob.run(pandaId, harvesterId, workerId);
          if (isFinalWorker(status) && (code !== 0 || level === 1)) this.ended?.({ harvesterId, workerId });
        }
        for (const { harvester, worker } of selectOld.all(timeMicros - WORKER_KEPT_MICROS)) {
          clearJobs.run(String(harvester), Number(worker));
          forget.run(String(harvester), Number(worker));
        }
      },
      forget: () => {
        // There is no state besides the tables.
      },
    };
  }

  /** Called when a final worker says something of its jobs. It may not be committed yet, and may be told twice. */
  onEnd(listener: (worker: WorkerKey) => void): void {
    this.ended = listener;
  }
}
