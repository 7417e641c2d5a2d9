import type { DatabaseSync } from 'node:sqlite';
import { LOG_BLOBS } from '#contracts/iceprod/logs.js';
import type { BlobCustody } from '#event-sourcing/orphan-collector.js';
import { Logs } from '../log/log-rows.js';
import { STAT_BLOBS, TaskStats } from '../task-stat/task-stat-rows.js';
import { Workloads } from '../../workload/workloads.js';

/** Which blobs are in use: the bodies of logs and of task stats. */
export const taskBlobs = (queries: DatabaseSync): BlobCustody => {
  const workloads = new Workloads(queries);
  const [logs, stats] = [new Logs(queries, workloads), new TaskStats(queries, workloads)];
  return {
    kinds: [
      { prefix: LOG_BLOBS, holds: (key) => logs.holds(key) },
      { prefix: STAT_BLOBS, holds: (key) => stats.holds(key) },
    ],
    dropsUnfinished: true,
  };
};
