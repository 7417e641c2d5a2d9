import { refOfStream } from '#ledger/ref.js';
import { DATASET_STATUSES } from '#contracts/iceprod/statuses.js';
import type { AppliedEvent, Projection } from '#event-sourcing/projection.js';
import { plannedJobs, plannedTasks, USAGE_TABLES } from './dataset-usage.js';
import { type Dataset, DATASET_EVENT_TYPES, type DatasetEvent, datasetEvent, evolve } from './dataset.js';

/** When, by whom and why a dataset got its status. */
export interface StatusChange {
  readonly timeMicros: number;
  readonly actor: string;
  readonly reason?: string;
}

const statusChangeOf = ({ metadata: { actor } }: AppliedEvent, event: DatasetEvent): string | undefined => {
  if (event.type !== 'WorkloadSubmitted' && event.type !== 'WorkloadMoved') return undefined;
  const reason = event.type === 'WorkloadMoved' ? event.data.reason : undefined;
  const change: StatusChange = { timeMicros: event.timeMicros, actor, ...(reason !== undefined && { reason }) };
  return JSON.stringify(change);
};

/**
 * Datasets with their documents as the JSON that answers show, made once per change, and when that was (`touched`). `moved`
 * says when the dataset got its status, by whom and why; `jobs` and `tasks` are what counts towards quotas.
 */
export const datasetProjection: Projection = {
  name: 'datasets',
  version: 4,
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
    jobs INTEGER NOT NULL,
    tasks INTEGER NOT NULL,
    touched INTEGER NOT NULL,
    document TEXT NOT NULL,
    moved TEXT NOT NULL
  );
  ${USAGE_TABLES}`,
  indexes: `
    CREATE INDEX dataset_by_number ON dataset (dataset, dataset_id);
    CREATE INDEX dataset_by_status ON dataset (status, dataset, dataset_id);
  `,
  attach: (database) => {
    const select = database.prepare('SELECT document, moved FROM dataset WHERE ref = ?');
    const write = database.prepare(
      `INSERT INTO dataset
         (ref, dataset_id, dataset, status, truncated, owner_group, username, jobs, tasks, touched, document, moved)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
       ON CONFLICT DO UPDATE SET status = excluded.status, truncated = excluded.truncated, jobs = excluded.jobs,
         tasks = excluded.tasks, touched = excluded.touched, document = excluded.document, moved = excluded.moved`,
    );
    return {
      apply: (applied) => {
        const event = datasetEvent(applied);
        if (event === undefined) return;
        const key = refOfStream(applied.stream);
        const row = select.get(key);
        const before = row === undefined ? undefined : (JSON.parse(String(row['document'])) as Dataset);
        const after = evolve(before, event);
        if (after === undefined) return;
        const { dataset_id: id, dataset, status, truncated, group, username } = after;
        const place = DATASET_STATUSES.indexOf(status);
        const flag = truncated ? 1 : 0;
        const moved = statusChangeOf(applied, event) ?? String(row?.['moved'] ?? '{}');
        write.run(
          ...[key, id, dataset, place, flag, group, username, plannedJobs(after), plannedTasks(after)],
          ...[event.timeMicros, JSON.stringify(after), moved],
        );
      },
      forget: () => {
        // There is no state besides the table.
      },
    };
  },
};
