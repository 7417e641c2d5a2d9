import { RecentMap } from '#platform/recent-map.js';
import type { Row } from '#event-sourcing/array-statement.js';
import { perConnection } from '#event-sourcing/per-connection.js';
import type { UnitKey } from '../../engine/unit.js';

/**
 * What only Torc keeps of its jobs, by the key of the unit. Documents are in a table of their own, so that an event about many jobs
 * rewrites small rows. `request` is set while the revision that it made is the current one.
 */
export const JOB_TABLES = `
CREATE TABLE IF NOT EXISTS torc_job (
  unit INTEGER PRIMARY KEY,
  custom_key TEXT,
  writes INTEGER NOT NULL,
  cancels INTEGER NOT NULL,
  hash INTEGER NOT NULL,
  request TEXT,
  complete_request TEXT,
  result_run INTEGER
) STRICT;
CREATE TABLE IF NOT EXISTS torc_job_document (unit INTEGER PRIMARY KEY, document TEXT NOT NULL) STRICT;`;

/** The columns that {@link JobRow} names, in its order. */
export const JOB_COLUMNS: readonly string[] = [
  ...['custom_key', 'writes', 'cancels', 'hash', 'request', 'complete_request', 'result_run', 'document'],
];

export interface JobRow {
  readonly customKey: string | null;
  readonly writes: number;
  readonly cancels: boolean;
  readonly hash: number;
  readonly request: string | null;
  readonly completeRequest: string | null;
  readonly resultRun: number | null;
  readonly document: string;
}

type JobValues = readonly [
  customKey: string | null,
  writes: number,
  cancels: number,
  hash: number,
  request: string | null,
  completeRequest: string | null,
  resultRun: number | null,
  document: string,
];

/** A row from a statement that returns arrays: the columns of {@link JOB_COLUMNS} from a position on. */
export const jobRowOf = (values: Row, from: number): JobRow => {
  const own: Row = values.slice(from);
  const [customKey, writes, cancels, hash, request, completeRequest, resultRun, document] = own as JobValues;
  return { customKey, writes, cancels: cancels === 1, hash, request, completeRequest, resultRun, document };
};

/** Bound of {@link recentJobs}: characters of documents. */
const RECENT_CHARACTERS_MAX = 1024 * 1024;

/** Rows that were read last on a connection that writes, as its events have changed them: a job is claimed, started and ended one after the other. */
export const recentJobs = perConnection(
  () => new RecentMap<JobRow, UnitKey>(RECENT_CHARACTERS_MAX, ({ document }) => document.length + 1),
);
export type RecentJobs = ReturnType<typeof recentJobs>;
