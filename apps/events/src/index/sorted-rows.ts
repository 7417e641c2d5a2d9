import type { DatabaseSync } from 'node:sqlite';

type Row = readonly (number | null)[];

/** Rows of one statement, the most first: each statement costs more than a row. */
const TOGETHER = [64, 16, 4, 1];

/** Writing so many takes a few milliseconds. */
const KEPT_MAX = 2048;

/** Collects rows of numbers and writes them in order of their columns, many at a time, so that neighbours in the table are written together. */
export class SortedRows {
  private readonly inserts;
  private rows: Row[] = [];

  constructor(database: DatabaseSync, table: string, columns: number) {
    const row = `(${Array.from({ length: columns }, () => '?').join(', ')})`;
    this.inserts = TOGETHER.map((count) => {
      const values = Array.from({ length: count }, () => row).join(', ');
      return { count, statement: database.prepare(`INSERT OR IGNORE INTO ${table} VALUES ${values}`) };
    });
  }

  add(row: Row): void {
    this.rows.push(row);
    if (this.rows.length >= KEPT_MAX) this.write();
  }

  write(): void {
    const rows = this.rows.sort(compareRows);
    let at = 0;
    for (const { count, statement } of this.inserts) {
      for (; rows.length - at >= count; at += count) statement.run(...rows.slice(at, at + count).flat());
    }
    this.rows = [];
  }

  forget(): void {
    this.rows = [];
  }
}

const compareRows = (one: Row, other: Row): number => {
  for (let at = 0; at < one.length; at++) {
    const difference = (one[at] ?? 0) - (other[at] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
};
