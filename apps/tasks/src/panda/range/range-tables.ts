import { RANGE_CODES, type RangeStatus } from '#contracts/panda/statuses.js';

/**
 * `panda_record_cut` has one row per record of a jobset: the events of a range follow from it. `panda_range.key` is the workload and the ordinal of the
 * range (`keyOf`). `panda_range_count.owner` is a PandaID or the number of a jobset, which are of one sequence, or the negated workload for the
 * whole task. `panda_range_report.zip` is raw JSON of a `RangeZip`.
 */
export const RANGE_TABLES = `
CREATE TABLE panda_jobset (
  id INTEGER PRIMARY KEY,
  workload INTEGER NOT NULL,
  first INTEGER NOT NULL,
  last INTEGER NOT NULL,
  clone INTEGER
) STRICT;
CREATE TABLE panda_record_cut (
  workload INTEGER NOT NULL,
  first INTEGER NOT NULL,
  count INTEGER NOT NULL,
  jobset INTEGER NOT NULL,
  file INTEGER NOT NULL,
  dataset INTEGER NOT NULL,
  first_event INTEGER NOT NULL,
  last_event INTEGER NOT NULL,
  size INTEGER NOT NULL,
  PRIMARY KEY (workload, first)
) STRICT, WITHOUT ROWID;
CREATE TABLE panda_range (
  key INTEGER PRIMARY KEY,
  jobset INTEGER NOT NULL,
  status INTEGER NOT NULL,
  attempt INTEGER NOT NULL,
  job INTEGER,
  report INTEGER
) STRICT;
CREATE INDEX panda_range_job ON panda_range (job, key) WHERE job IS NOT NULL;
CREATE TABLE panda_range_report (
  id INTEGER PRIMARY KEY,
  job INTEGER NOT NULL,
  error_code INTEGER,
  error_diag TEXT,
  zip TEXT
) STRICT;
CREATE TABLE panda_range_count (
  owner INTEGER NOT NULL,
  status INTEGER NOT NULL,
  count INTEGER NOT NULL,
  PRIMARY KEY (owner, status)
) STRICT, WITHOUT ROWID;`;

export const RANGE_INDEXES = `
CREATE INDEX panda_record_cut_file ON panda_record_cut (workload, file, first);
CREATE INDEX panda_record_cut_dataset ON panda_record_cut (workload, dataset, first);
CREATE INDEX panda_range_report_zip ON panda_range_report (job) WHERE zip IS NOT NULL;
CREATE INDEX panda_range_ready ON panda_range (key) WHERE status = ${RANGE_CODES.ready};`;

const STATUS_OF_CODE = new Map<number, RangeStatus>(
  (Object.keys(RANGE_CODES) as RangeStatus[]).map((status) => [RANGE_CODES[status], status]),
);

/** @throws Error for a number that is no code: the tables hold none. */
export const rangeStatusOf = (code: number): RangeStatus => {
  const status = STATUS_OF_CODE.get(code);
  if (status === undefined) throw new Error(`${code} is no status of an event range`);
  return status;
};
