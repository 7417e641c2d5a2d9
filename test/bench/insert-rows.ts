import { mkdtempSync, rmSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** The yardstick `rows`: 100,000 rows of a unit's size with two indexes, inserted as a read model does it. */
const ROWS = 100_000;
const ROWS_PER_TRANSACTION = 1_000;

const TABLE = `
  CREATE TABLE unit (
    key INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, workload INTEGER, grp INTEGER NOT NULL, idx INTEGER NOT NULL,
    name INTEGER NOT NULL, requirements INTEGER NOT NULL, status INTEGER NOT NULL, class INTEGER, priority REAL NOT NULL,
    site INTEGER NOT NULL, changed INTEGER NOT NULL, failures INTEGER NOT NULL, walltime REAL NOT NULL, extra TEXT
  ) STRICT;
  CREATE INDEX unit_place ON unit (workload, grp, idx);
`;

const folder = mkdtempSync(join(tmpdir(), 'cairn-bench-rows-'));
try {
  const database = new DatabaseSync(join(folder, 'rows.sqlite'));
  database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL');
  database.exec(TABLE);
  const insert = database.prepare('INSERT INTO unit VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)');
  const startMs = performance.now();
  for (let first = 0; first < ROWS; first += ROWS_PER_TRANSACTION) {
    database.exec('BEGIN IMMEDIATE');
    for (let row = first; row < first + ROWS_PER_TRANSACTION; row += 1) {
      const id = `019ac1b2${row.toString(16).padStart(24, '0')}`;
      insert.run(row, id, row % 10, row, 0, 1, 1, row % 7, row % 1000, 0.5, 1, 1_764_000_000_000_000 + row, 0, 0, null);
    }
    database.exec('COMMIT');
  }
  process.stdout.write(`inserted in ${((performance.now() - startMs) / 1000).toFixed(6)} s\n`);
  database.close();
} finally {
  rmSync(folder, { recursive: true });
}
