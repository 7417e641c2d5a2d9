import type { DatabaseSync } from 'node:sqlite';

type Row = readonly (number | null)[];

/** Rows of one statement: each statement costs more than a row. */
const TOGETHER = 64;

/** Writing so many takes a few milliseconds. */
const KEPT_MAX = 2048;

/** Collects rows of numbers and writes them in order of their columns, many at a time, so that neighbours in the table are written together. */
export class SortedRows {
  private readonly insertMany;
  private readonly insertOne;
  private rows: Row[] = [];

  constructor(database: DatabaseSync, table: string, columns: number) {
    const row = `(${Array.from({ length: columns }, () => '?').join(', ')})`;
    const insert = (rows: number) =>
      database.prepare(`INSERT OR IGNORE INTO ${table} VALUES ${Array.from({ length: rows }, () => row).join(', ')}`);
    this.insertMany = insert(TOGETHER);
    this.insertOne = insert(1);
  }

  add(row: Row): void {
    this.rows.push(row);
    if (this.rows.length >= KEPT_MAX) this.write();
  }

  write(): void {
    const rows = this.rows.sort(compareRows);
    const whole = rows.length - (rows.length % TOGETHER);
    for (let at = 0; at < whole; at += TOGETHER) this.insertMany.run(...rows.slice(at, at + TOGETHER).flat());
    for (let at = whole; at < rows.length; at++) this.insertOne.run(...(rows[at] ?? []));
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
