import type { DatabaseSync } from 'node:sqlite';
import type { LogsDeleted, LogStored } from '#contracts/iceprod/log-events.js';
import type { AppliedEvent, Projection, ProjectionWriter } from '#event-sourcing/projection.js';
import { Workloads } from '../../workload/workloads.js';
import { LOG_INDEXES, LOG_TABLES } from './log-rows.js';
import { workloadName } from '../../workload/told-names.js';

/** Logs, without their bodies. */
export const logProjection: Projection = {
  name: 'log',
  version: 1,
  streamPrefixes: ['work-iceprod.'],
  eventTypes: ['LogStored', 'LogsDeleted'],
  tables: LOG_TABLES,
  names: { 'log.key': 't.id', 'log.workload': workloadName('t.workload') },
  indexes: LOG_INDEXES,

  attach(database: DatabaseSync): ProjectionWriter {
    const workloads = new Workloads(database);
    const insert = database.prepare(
      `INSERT OR IGNORE INTO log (id, workload, task_id, name, created, blob, size, fields)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
    );
    const remove = database.prepare('DELETE FROM log WHERE id = ?');
    const store = ({ stream, data, metadata }: AppliedEvent): void => {
      const {
        log_id: id = '',
        dataset_id: datasetId,
        task_id: taskId,
        name,
        fields,
        body,
      } = data as Partial<LogStored>;
      insert.run(
        id,
        datasetId === undefined ? null : workloads.ensure(stream, datasetId),
        taskId ?? null,
        name ?? 'log',
        metadata.timeMicros,
        body?.key ?? id,
        body?.size ?? 0,
        fields ?? '{}',
      );
    };
    return {
      apply(event: AppliedEvent): void {
        if (event.type === 'LogStored') store(event);
        else for (const id of (event.data as Partial<LogsDeleted>).logs ?? []) remove.run(id);
      },
      forget: () => workloads.forget(),
    };
  },
};
