/**
 * Workloads of all dialects. A row without a `class` is of a workload that was not submitted, or is deleted: nobody sees it. A class is what
 * lists select by: dialect, status, phase, and who may read; `n` counts its workloads. `rule` is raw JSON of an access rule; the empty one means
 * everyone. `changed` is the time of the last event about the workload or its units. `progress` is from 0 to 1.
 */
export const CATALOG_TABLES = `
CREATE TABLE IF NOT EXISTS catalog_class (
  id INTEGER PRIMARY KEY,
  dialect TEXT NOT NULL,
  status TEXT NOT NULL,
  phase TEXT NOT NULL,
  rule TEXT NOT NULL,
  n INTEGER NOT NULL,
  UNIQUE (dialect, status, phase, rule)
) STRICT;
CREATE TABLE IF NOT EXISTS catalog (
  workload INTEGER PRIMARY KEY,
  class INTEGER,
  created INTEGER NOT NULL,
  changed INTEGER NOT NULL,
  progress REAL NOT NULL,
  name TEXT NOT NULL,
  owner TEXT NOT NULL,
  status TEXT NOT NULL,
  expected REAL NOT NULL,
  truncated INTEGER NOT NULL
) STRICT;`;

const present = 'WHERE class IS NOT NULL';

export const CATALOG_INDEXES = `
CREATE INDEX IF NOT EXISTS catalog_created ON catalog (class, created) ${present};
CREATE INDEX IF NOT EXISTS catalog_changed ON catalog (class, changed, created) ${present};
CREATE INDEX IF NOT EXISTS catalog_progress ON catalog (class, progress, created) ${present};
CREATE INDEX IF NOT EXISTS catalog_owner_created ON catalog (owner, created) ${present};
CREATE INDEX IF NOT EXISTS catalog_owner_changed ON catalog (owner, changed, created) ${present};`;
