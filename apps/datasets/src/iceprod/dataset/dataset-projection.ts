import { refOfStream } from '#ledger/ref.js';
import { DATASET_STATUSES } from '#contracts/iceprod/statuses.js';
import type { Projection } from '#event-sourcing/projection.js';
import { type Dataset, DATASET_EVENT_TYPES, datasetEvent, evolve } from './dataset.js';

/** Datasets with their documents as the JSON that answers show, made once per change, and when that was (`touched`). */
export const datasetProjection: Projection = {
  name: 'datasets',
  version: 2,
  streamPrefixes: ['workload-iceprod.'],
  eventTypes: DATASET_EVENT_TYPES,
  tables: `CREATE TABLE dataset (
    ref TEXT NOT NULL UNIQUE,
    dataset_id TEXT NOT NULL,
    dataset INTEGER NOT NULL,
    status INTEGER NOT NULL,
    truncated INTEGER NOT NULL,
    owner_group TEXT NOT NULL,
    username TEXT NOT NULL,
    touched INTEGER NOT NULL,
    document TEXT NOT NULL
  )`,
  indexes: `
    CREATE INDEX dataset_by_number ON dataset (dataset, dataset_id);
    CREATE INDEX dataset_by_status ON dataset (status, dataset, dataset_id);
  `,
  attach: (database) => {
    const select = database.prepare('SELECT document FROM dataset WHERE ref = ?');
    const write = database.prepare(
      `INSERT INTO dataset (ref, dataset_id, dataset, status, truncated, owner_group, username, touched, document)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
       ON CONFLICT DO UPDATE SET status = excluded.status, truncated = excluded.truncated,
         touched = excluded.touched, document = excluded.document`,
    );
    return {
      apply: (applied) => {
        const event = datasetEvent(applied);
        if (event === undefined) return;
        const key = refOfStream(applied.stream);
        const text = select.get(key)?.['document'];
        const before = text === undefined ? undefined : (JSON.parse(text as string) as Dataset);
        const after = evolve(before, event);
        if (after === undefined) return;
        const { dataset_id: id, dataset, status, truncated, group, username } = after;
        const place = DATASET_STATUSES.indexOf(status);
        const flag = truncated ? 1 : 0;
        write.run(key, id, dataset, place, flag, group, username, event.timeMicros, JSON.stringify(after));
      },
      forget: () => {
        // Everything stands in the table.
      },
    };
  },
};
