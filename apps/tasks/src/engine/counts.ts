import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { WorkloadId } from '../workload/workloads.js';
import type { WordId } from './words.js';

/** Updates counts of units by increments, so that no summary has to read units. */
export class Counts {
  private readonly add: StatementSync;
  private readonly addToTotal: StatementSync;
  private readonly order: StatementSync;

  constructor(database: DatabaseSync) {
    this.add = database.prepare(
      `INSERT INTO unit_count (workload, name, status, gpu, n) VALUES (?, ?, ?, ?, ?)
       ON CONFLICT DO UPDATE SET n = n + excluded.n`,
    );
    this.addToTotal = database.prepare(
      'INSERT INTO unit_total (kind, n) VALUES (?, ?) ON CONFLICT DO UPDATE SET n = n + excluded.n',
    );
    this.order = database.prepare(
      `INSERT INTO unit_name_order (workload, name, first_index) VALUES (?, ?, ?)
       ON CONFLICT DO UPDATE SET first_index = excluded.first_index WHERE excluded.first_index < first_index`,
    );
  }

  change(workload: WorkloadId, name: WordId, status: WordId, isGpu: boolean, by: number): void {
    if (by === 0) return;
    this.add.run(workload, name, status, +isGpu, by);
    this.addToTotal.run(2 * status + +isGpu, by);
  }

  /** Documents list names in the order of the lowest index that a unit of the name has ever had. */
  recordNameOrder(workload: WorkloadId, name: WordId, index: number): void {
    this.order.run(workload, name, index);
  }
}
