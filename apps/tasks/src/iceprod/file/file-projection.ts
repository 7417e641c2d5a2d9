import type { DatabaseSync } from 'node:sqlite';
import type { FileAdded } from '#contracts/iceprod/dataset-file-events.js';
import type { AppliedEvent, Projection, ProjectionWriter } from '#event-sourcing/projection.js';
import { Workloads } from '../../workload/workloads.js';
import { FILE_INDEXES, FILE_TABLES, fileBytes, fileDocument } from './file-rows.js';
import { workloadName } from '../../workload/told-names.js';

/** Files of tasks, each as the document that answers show. */
export const fileProjection: Projection = {
  name: 'dataset-file',
  version: 2,
  streamPrefixes: ['work-iceprod.'],
  eventTypes: ['FileAdded', 'FilesRemoved'],
  tables: FILE_TABLES,
  names: {
    'dataset_file.key': `${workloadName('t.workload')} || ' ' || t.revision || ' ' || t.task_id`,
    'dataset_file.workload': workloadName('t.workload'),
    'dataset_file_bytes.workload': workloadName('t.workload'),
  },
  indexes: FILE_INDEXES,

  attach(database: DatabaseSync): ProjectionWriter {
    const workloads = new Workloads(database);
    const insert = database.prepare('INSERT INTO dataset_file (workload, revision, task_id, body) VALUES (?, ?, ?, ?)');
    const bytes = fileBytes(database);
    const remove = database.prepare('DELETE FROM dataset_file WHERE workload = ? AND task_id = ?');
    return {
      apply({ stream, revision, type, data }: AppliedEvent): void {
        const { dataset_id: datasetId, task_id: taskId = '', file } = data as Partial<FileAdded>;
        const workload = workloads.ensure(stream, datasetId);
        if (type === 'FileAdded') {
          const document = fileDocument(file);
          insert.run(workload, revision, taskId, document);
          bytes.add(workload, Buffer.byteLength(document));
        } else {
          remove.run(workload, taskId);
        }
      },
      forget: () => workloads.forget(),
    };
  },
};
