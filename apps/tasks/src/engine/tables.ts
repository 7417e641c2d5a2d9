import { WORKLOAD_OF_KEY } from '../workload/member-key.js';

/** The workload that lists the unit of a row, in SQL. */
export const LISTING = `coalesce(workload, ${WORKLOAD_OF_KEY})`;

/** Words that many units share, by integer: see `words.ts`. */
export const WORD_TABLES = [
  'unit_dialect',
  'unit_name',
  'unit_site',
  'unit_group',
  'unit_requirements',
  'unit_label',
] as const;
export type WordTable = (typeof WORD_TABLES)[number];

const wordTable = (table: WordTable): string =>
  `CREATE TABLE IF NOT EXISTS ${table} (id INTEGER PRIMARY KEY, word TEXT NOT NULL UNIQUE) STRICT;`;

/**
 * A unit is one row; zeros and nulls take no space in it. Public ids are unique in their dialect. `workload` is set only for a unit
 * that another workload than its home lists. `class` is set while it may be claimed. `changed` is the time of its last change of
 * status, as documents show it; `touched` is the time of the last event about it, and `revision` the number of that event in
 * the stream of the unit's home.
 * `unit_total` is the sum of `unit_count` over all workloads of a dialect, because each status belongs to one dialect. Its `kind` is
 * twice the id of the status, plus one for units with GPUs.
 */
export const UNIT_TABLES = `
${WORD_TABLES.map(wordTable).join('\n')}
CREATE TABLE IF NOT EXISTS unit_status (
  id INTEGER PRIMARY KEY,
  dialect TEXT NOT NULL,
  word TEXT NOT NULL,
  outcome TEXT NOT NULL,
  UNIQUE (dialect, word, outcome)
) STRICT;
CREATE TABLE IF NOT EXISTS unit (
  key INTEGER PRIMARY KEY,
  dialect INTEGER NOT NULL,
  id TEXT NOT NULL,
  workload INTEGER,
  grp INTEGER,
  group_index INTEGER NOT NULL,
  idx INTEGER NOT NULL,
  name INTEGER NOT NULL,
  depends TEXT,
  open_deps INTEGER NOT NULL,
  requirements INTEGER NOT NULL,
  status INTEGER NOT NULL,
  class INTEGER,
  priority REAL NOT NULL,
  lease_id TEXT,
  site INTEGER NOT NULL,
  changed INTEGER NOT NULL,
  touched INTEGER NOT NULL,
  revision INTEGER NOT NULL,
  failures INTEGER NOT NULL,
  evictions INTEGER NOT NULL,
  walltime REAL NOT NULL,
  walltime_err REAL NOT NULL,
  walltime_err_n INTEGER NOT NULL,
  extra TEXT,
  label INTEGER,
  holder TEXT,
  UNIQUE (dialect, id)
) STRICT;
CREATE TABLE IF NOT EXISTS unit_retry (
  key INTEGER PRIMARY KEY,
  failed_at INTEGER NOT NULL,
  not_before INTEGER NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS failing_worker (
  dialect TEXT NOT NULL,
  id TEXT NOT NULL,
  failures INTEGER NOT NULL,
  paused_until INTEGER NOT NULL,
  PRIMARY KEY (dialect, id)
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS unit_edge (
  blocker INTEGER NOT NULL,
  dependent INTEGER NOT NULL,
  PRIMARY KEY (blocker, dependent)
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS unit_edge_unknown (
  dialect INTEGER NOT NULL,
  blocker_id TEXT NOT NULL,
  dependent INTEGER NOT NULL,
  PRIMARY KEY (dialect, blocker_id, dependent)
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS unit_count (
  workload INTEGER NOT NULL,
  name INTEGER NOT NULL,
  status INTEGER NOT NULL,
  gpu INTEGER NOT NULL,
  n INTEGER NOT NULL,
  PRIMARY KEY (workload, name, status, gpu)
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS unit_total (kind INTEGER PRIMARY KEY, n INTEGER NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS unit_name_order (
  workload INTEGER NOT NULL,
  name INTEGER NOT NULL,
  first_index INTEGER NOT NULL,
  PRIMARY KEY (workload, name)
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS unit_run_time (
  workload INTEGER NOT NULL,
  name INTEGER NOT NULL,
  n INTEGER NOT NULL,
  gpus REAL NOT NULL,
  gpus_rest REAL NOT NULL,
  hours REAL NOT NULL,
  hours_rest REAL NOT NULL,
  err_hours REAL NOT NULL,
  err_hours_rest REAL NOT NULL,
  squares REAL NOT NULL,
  squares_rest REAL NOT NULL,
  shortest REAL NOT NULL,
  longest REAL NOT NULL,
  vague INTEGER NOT NULL,
  PRIMARY KEY (workload, name)
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS unit_class (
  id INTEGER PRIMARY KEY,
  queue TEXT NOT NULL,
  workload INTEGER NOT NULL,
  home INTEGER NOT NULL,
  requirements INTEGER NOT NULL,
  site INTEGER NOT NULL,
  label INTEGER NOT NULL,
  flags INTEGER NOT NULL,
  UNIQUE (queue, workload, home, requirements, site, label, flags)
) STRICT;`;

/** Tables that give numbers which are remembered in memory: see `Projection.numbered`. */
export const NUMBERED_UNIT_TABLES: Readonly<Record<string, readonly string[]>> = {
  ...Object.fromEntries(WORD_TABLES.map((table) => [table, ['word']])),
  unit_status: ['dialect', 'word', 'outcome'],
  unit_class: ['queue', 'workload', 'home', 'requirements', 'site', 'label', 'flags'],
};

export const UNIT_INDEXES = `
CREATE INDEX IF NOT EXISTS unit_ready ON unit (class, priority DESC, key) WHERE class IS NOT NULL;
CREATE INDEX IF NOT EXISTS unit_by_status ON unit (status);
CREATE INDEX IF NOT EXISTS unit_by_group ON unit (grp) WHERE grp IS NOT NULL;
CREATE INDEX IF NOT EXISTS unit_held ON unit (holder, ${LISTING}) WHERE holder IS NOT NULL;
CREATE INDEX IF NOT EXISTS unit_moved ON unit (workload, id) WHERE workload IS NOT NULL;`;
