import type { DatabaseSync } from 'node:sqlite';
import type { LogsDeleted, LogStored } from '#contracts/iceprod/log-events.js';
import type { AppliedEvent, Projection, ProjectionWriter } from '#event-sourcing/projection.js';
import { Workloads } from '../../workload/workloads.js';
import { LOG_INDEXES, LOG_TABLES, logBytes } from './log-rows.js';
import { workloadName } from '../../workload/told-names.js';

/** What a log counts for: its body, and its fields in the event. */
const BYTES = 'size + octet_length(fields) AS bytes';

/** Logs, without their bodies. */
export const logProjection: Projection = {
  name: 'log',
  version: 2,
  streamPrefixes: ['work-iceprod.'],
  eventTypes: ['LogStored', 'LogsDeleted'],
  tables: LOG_TABLES,
  names: {
    'log.key': 't.id',
    'log.workload': workloadName('t.workload'),
    'log_bytes.workload': workloadName('t.workload'),
  },
  indexes: LOG_INDEXES,

  attach(database: DatabaseSync): ProjectionWriter {
    const workloads = new Workloads(database);
    const insert = database.prepare(
      `INSERT OR IGNORE INTO log (id, workload, task_id, name, created, blob, size, fields)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?) RETURNING workload, ${BYTES}`,
    );
    const remove = database.prepare(`DELETE FROM log WHERE id = ? RETURNING workload, ${BYTES}`);
    const bytes = logBytes(database);
    const count = (row: ReturnType<typeof remove.get>, sign: 1 | -1): void => {
      if (typeof row?.['workload'] === 'number') bytes.add(row['workload'], sign * Number(row['bytes']));
    };
    const store = ({ stream, data, metadata }: AppliedEvent): void => {
      const {
        log_id: id = '',
        dataset_id: datasetId,
        task_id: taskId,
        name,
        fields,
        body,
      } = data as Partial<LogStored>;
      const row = insert.get(
        id,
        datasetId === undefined ? null : workloads.ensure(stream, datasetId),
        taskId ?? null,
        name ?? 'log',
        metadata.timeMicros,
        body?.key ?? id,
        body?.size ?? 0,
        fields ?? '{}',
      );
      count(row, 1);
    };
    return {
      apply(event: AppliedEvent): void {
        if (event.type === 'LogStored') store(event);
        else for (const id of (event.data as Partial<LogsDeleted>).logs ?? []) count(remove.get(id), -1);
      },
      forget: () => workloads.forget(),
    };
  },
};
