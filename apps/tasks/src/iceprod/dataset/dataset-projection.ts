import type { DatabaseSync } from 'node:sqlite';
import type { DatasetEvents, DatasetSubmitted } from '#contracts/iceprod/dataset-events.js';
import type { Projection, ProjectionWriter } from '#event-sourcing/projection.js';
import { Workloads } from '../../workload/workloads.js';
import { workloadName } from '../../workload/told-names.js';

const EVENT_TYPES: readonly (keyof DatasetEvents)[] = ['WorkloadSubmitted', 'DatasetTruncated'];

/** Attributes of datasets that other workloads lack and that decisions about tasks need. The datasets service owns them. */
export const datasetProjection: Projection = {
  name: 'dataset',
  version: 1,
  streamPrefixes: ['workload-iceprod.'],
  eventTypes: EVENT_TYPES,
  tables: `
CREATE TABLE IF NOT EXISTS dataset (
  workload INTEGER PRIMARY KEY,
  truncated INTEGER NOT NULL,
  debug INTEGER NOT NULL
) STRICT;`,
  names: { 'dataset.workload': workloadName('t.workload') },
  // Datasets that are not complete: few of all that ever existed.
  indexes: `
CREATE INDEX IF NOT EXISTS dataset_open ON workload (id)
  WHERE dialect = 'iceprod' AND status IS NOT NULL AND status <> 'complete';`,

  attach(database: DatabaseSync): ProjectionWriter {
    const workloads = new Workloads(database);
    const submit = database.prepare('INSERT OR REPLACE INTO dataset (workload, truncated, debug) VALUES (?, 0, ?)');
    const truncate = database.prepare('UPDATE dataset SET truncated = 1 WHERE workload = ?');
    return {
      apply: ({ stream, type, data }) => {
        const { workload_id: name, debug } = data as Partial<DatasetSubmitted>;
        const id = workloads.ensure(stream, name);
        if (type === 'DatasetTruncated') truncate.run(id);
        else submit.run(id, debug === true ? 1 : 0);
      },
      forget: () => workloads.forget(),
    };
  },
};
