import type { StatementSync } from 'node:sqlite';
import type { UnitReader } from '../../engine/unit-row.js';
import { keyOf, lastKeyOf } from '../../workload/member-key.js';
import { ICEPROD } from '../streams.js';

/** How many tasks jobs have. */
export class JobTasks {
  private readonly select: StatementSync;

  constructor(private readonly reader: UnitReader) {
    this.select = reader.database.prepare(
      'SELECT count(*) AS tasks FROM unit WHERE grp = ? AND (workload = ? OR (workload IS NULL AND key BETWEEN ? AND ?))',
    );
  }

  /** Tasks of a job that its dataset lists. */
  count(datasetId: string, jobId: string): number {
    const { workloads, words } = this.reader;
    const [workload, group] = [workloads.find(ICEPROD, datasetId), words.group.find(jobId)];
    if (workload === undefined || group === undefined) return 0;
    return Number(this.select.get(group, workload, keyOf(workload, 0), lastKeyOf(workload))?.['tasks']);
  }
}
