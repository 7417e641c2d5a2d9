import { DatabaseSync } from 'node:sqlite';

/** Faults beyond these say nothing new. */
const FAULTS_MAX = 100;

/**
 * What SQLite finds wrong in a ledger file, whose index may say something else than its tables: services read streams by the index. Reads the
 * whole file without a pause, so not where others wait.
 */
export const faultsOfFile = (file: string): readonly string[] => {
  const database = new DatabaseSync(file, { readOnly: true });
  try {
    const rows = database.prepare(`PRAGMA integrity_check(${FAULTS_MAX})`).all();
    return rows.map((row) => String(row['integrity_check'])).filter((fault) => fault !== 'ok');
  } finally {
    database.close();
  }
};
