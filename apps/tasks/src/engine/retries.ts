import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { Dialect } from '#ledger/ref.js';
import type { UnitFailed, UnitSucceeded } from '#contracts/work-events.js';
import type { UnitKey } from './unit.js';

const MICROS_PER_SECOND = 1_000_000;

/** What is known of a worker whose last runs have failed. */
export interface WorkerRecord {
  readonly failuresInARow: number;
  /** It gets nothing before this time. 0 when it is not paused. */
  readonly pausedUntilMicros: number;
}

const NOTHING_FAILED: WorkerRecord = { failuresInARow: 0, pausedUntilMicros: 0 };

/** A worker that gets nothing for a while. */
export interface PausedWorker extends WorkerRecord {
  readonly id: string;
}

/** Stores until when failed units and failing workers have to wait, as events of failures say. */
export class Retries {
  private readonly setRetry: StatementSync;
  private readonly selectRetry: StatementSync;
  private readonly setWorker: StatementSync;
  private readonly selectWorker: StatementSync;
  private readonly deleteWorker: StatementSync;
  private readonly selectPaused: StatementSync;

  constructor(database: DatabaseSync) {
    this.setRetry = database.prepare('INSERT OR REPLACE INTO unit_retry (key, failed_at, not_before) VALUES (?, ?, ?)');
    this.selectRetry = database.prepare(
      'SELECT not_before FROM unit_retry JOIN unit USING (key) WHERE key = ? AND changed = failed_at',
    );
    this.setWorker = database.prepare(
      `INSERT INTO failing_worker (dialect, id, failures, paused_until) VALUES (?, ?, 1, ?)
       ON CONFLICT DO UPDATE SET failures = failures + 1, paused_until = excluded.paused_until`,
    );
    this.selectWorker = database.prepare(
      'SELECT failures, paused_until FROM failing_worker WHERE dialect = ? AND id = ?',
    );
    this.deleteWorker = database.prepare('DELETE FROM failing_worker WHERE dialect = ? AND id = ?');
    this.selectPaused = database.prepare(
      'SELECT id, failures, paused_until FROM failing_worker WHERE dialect = ? AND paused_until > ? ORDER BY id LIMIT ?',
    );
  }

  /**
   * The time before which the unit is not handed out, or 0. A change of its status after the failure, such as a reset, ends the
   * wait.
   */
  notBeforeMicros(key: UnitKey): number {
    return Number(this.selectRetry.get(key)?.['not_before'] ?? 0);
  }

  worker(dialect: Dialect, id: string): WorkerRecord {
    const row = this.selectWorker.get(dialect, id);
    if (row === undefined) return NOTHING_FAILED;
    return { failuresInARow: Number(row['failures']), pausedUntilMicros: Number(row['paused_until']) };
  }

  paused(dialect: Dialect, nowMicros: number, limit: number): readonly PausedWorker[] {
    return this.selectPaused.all(dialect, nowMicros, limit).map((row) => ({
      id: String(row['id']),
      failuresInARow: Number(row['failures']),
      pausedUntilMicros: Number(row['paused_until']),
    }));
  }

  failed(dialect: Dialect, key: UnitKey, data: UnitFailed, timeMicros: number): void {
    const { worker_id: worker, retry_after_seconds: retry, worker_pause_seconds: pause = 0 } = data;
    if (retry !== undefined) this.setRetry.run(key, timeMicros, timeMicros + retry * MICROS_PER_SECOND);
    if (worker !== undefined)
      this.setWorker.run(dialect, worker, pause > 0 ? timeMicros + pause * MICROS_PER_SECOND : 0);
  }

  succeeded(dialect: Dialect, { worker_id: worker }: UnitSucceeded): void {
    if (worker !== undefined) this.deleteWorker.run(dialect, worker);
  }
}
