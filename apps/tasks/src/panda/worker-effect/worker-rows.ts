import type { DatabaseSync, SQLOutputValue, StatementSync } from 'node:sqlite';
import { DECISIVE } from './worker-projection.js';
import type { WorkerKey, WorkerState, WorkerView } from './worker-view.js';

type Row = Readonly<Record<string, SQLOutputValue>>;

const textIn = (value: SQLOutputValue | undefined): string | null => (typeof value === 'string' ? value : null);

const stateIn = (row: Row): WorkerState => ({
  status: String(row['status']),
  endTime: textIn(row['end_time']),
  diagMessage: textIn(row['diag']),
  errorCode: Number(row['error_code']),
  syncLevel: Number(row['sync_level']),
});

/** Reads what {@link WorkerProjection} keeps. */
export class WorkerRows implements WorkerView {
  private readonly selectWorker: StatementSync;
  private readonly selectJobs: StatementSync;
  private readonly selectOfJob: StatementSync;
  private readonly selectDecisive: StatementSync;

  constructor(database: DatabaseSync) {
    this.selectWorker = database.prepare('SELECT * FROM panda_worker WHERE harvester = ? AND worker = ?');
    this.selectJobs = database.prepare(
      'SELECT panda_id FROM panda_job_worker WHERE harvester = ? AND worker = ? AND panda_id > ? ORDER BY panda_id LIMIT ?',
    );
    this.selectOfJob = database.prepare(
      `SELECT panda_worker.* FROM panda_job_worker JOIN panda_worker USING (harvester, worker)
       WHERE panda_id = ? ORDER BY updated DESC, harvester, worker LIMIT 1`,
    );
    this.selectDecisive = database.prepare(
      `SELECT harvester, worker FROM panda_worker
       WHERE ${DECISIVE} AND (harvester, worker) > (?, ?) AND updated >= ? ORDER BY harvester, worker LIMIT ?`,
    );
  }

  worker({ harvesterId, workerId }: WorkerKey): WorkerState | undefined {
    const row = this.selectWorker.get(harvesterId, workerId);
    return row === undefined ? undefined : stateIn(row);
  }

  jobsOfWorker({ harvesterId, workerId }: WorkerKey, after: number, limit: number): readonly number[] {
    return this.selectJobs.all(harvesterId, workerId, after, limit).map((row) => Number(row['panda_id']));
  }

  workerOfJob(pandaId: number): WorkerState | undefined {
    const row = this.selectOfJob.get(pandaId);
    return row === undefined ? undefined : stateIn(row);
  }

  decisiveWorkers(sinceMicros: number, after: WorkerKey | undefined, limit: number): readonly WorkerKey[] {
    return this.selectDecisive
      .all(after?.harvesterId ?? '', after?.workerId ?? -1, sinceMicros, limit)
      .map((row) => ({ harvesterId: String(row['harvester']), workerId: Number(row['worker']) }));
  }
}
