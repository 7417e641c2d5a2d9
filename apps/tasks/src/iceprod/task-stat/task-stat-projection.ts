import type { DatabaseSync } from 'node:sqlite';
import type { TaskStatRecorded } from '#contracts/iceprod/task-events.js';
import type { AppliedEvent, Projection, ProjectionWriter } from '#event-sourcing/projection.js';
import { Workloads } from '../../workload/workloads.js';
import { TASK_STAT_INDEXES, TASK_STAT_TABLES } from './task-stat-rows.js';
import { workloadName } from '../../workload/told-names.js';

/** Projects the statistics of runs to the `task_stat` table. */
export const taskStatProjection: Projection = {
  name: 'task-stat',
  version: 1,
  streamPrefixes: ['work-iceprod.'],
  eventTypes: ['TaskStatRecorded'],
  tables: TASK_STAT_TABLES,
  names: { 'task_stat.key': 't.id', 'task_stat.workload': workloadName('t.workload') },
  indexes: TASK_STAT_INDEXES,

  attach(database: DatabaseSync): ProjectionWriter {
    const workloads = new Workloads(database);
    const insert = database.prepare(
      'INSERT INTO task_stat (workload, task_id, id, created, body, blob) VALUES (?, ?, ?, ?, ?, ?)',
    );
    return {
      apply({ stream, data, metadata }: AppliedEvent): void {
        const {
          dataset_id: datasetId,
          task_id: taskId = '',
          task_stat_id: id = '',
          stats,
        } = data as Partial<TaskStatRecorded>;
        insert.run(
          workloads.ensure(stream, datasetId),
          taskId,
          id,
          metadata.timeMicros,
          stats !== undefined && 'raw' in stats ? stats.raw : null,
          stats !== undefined && 'blob' in stats ? stats.blob.key : null,
        );
      },
      forget: () => workloads.forget(),
    };
  },
};
