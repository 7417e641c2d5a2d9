import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { WorkloadId } from '../workload/workloads.js';

/** A table with the bytes of something that datasets hold. */
export const bytesTable = (name: string): string => `
CREATE TABLE ${name} (
  workload INTEGER PRIMARY KEY,
  bytes INTEGER NOT NULL
) STRICT;`;

/** Counts the bytes of something that datasets hold, in a table made by {@link bytesTable}. */
export class StoredBytes {
  private readonly select: StatementSync;
  private readonly change: StatementSync;

  constructor(database: DatabaseSync, table: string) {
    this.select = database.prepare(`SELECT bytes FROM ${table} WHERE workload = ?`);
    this.change = database.prepare(
      `INSERT INTO ${table} (workload, bytes) VALUES (?, ?) ON CONFLICT DO UPDATE SET bytes = bytes + excluded.bytes`,
    );
  }

  of(workload: WorkloadId): number {
    return Number(this.select.get(workload)?.['bytes'] ?? 0);
  }

  /** @param bytes negative for what is gone */
  add(workload: WorkloadId, bytes: number): void {
    this.change.run(workload, bytes);
  }
}
