import type { DatabaseSync } from 'node:sqlite';
import { type ArrayStatement, arrayStatement } from '#event-sourcing/array-statement.js';

/** What claims and brokerage ask for: numbers of jobs by site or by share, and the memory of those that execute at a site. */
export type Dimension = 'site' | 'share' | 'memory';

type SumRow = readonly [site: string, share: string, status: number, n: number, memory: number];

const nameOf = (dimension: Dimension, word: string, status: number): string => `${dimension} ${status} ${word}`;

/** Sums over classes of jobs, as the tables of one connection have them. */
export class TallyRows {
  private readonly selectAll: ArrayStatement<SumRow>;
  private readonly selectSum: Readonly<Record<Dimension, ArrayStatement<readonly [sum: number | null]>>>;

  constructor(database: DatabaseSync) {
    // In this order SQLite looks only at the classes of a site.
    const joined = 'panda_job_class AS class CROSS JOIN panda_job_count AS counted ON counted.class = class.id';
    const sum = (column: string, word: string) =>
      arrayStatement<readonly [number | null]>(
        database,
        `SELECT sum(counted.${column}) FROM ${joined} AND counted.status = ?2 WHERE class.${word} = ?1`,
      );
    this.selectSum = { site: sum('n', 'site'), share: sum('n', 'share'), memory: sum('memory', 'site') };
    this.selectAll = arrayStatement(
      database,
      `SELECT site, share, counted.status, sum(counted.n), sum(counted.memory) FROM ${joined} GROUP BY 1, 2, 3`,
    );
  }

  of(dimension: Dimension, word: string, status: number): number {
    return this.selectSum[dimension].get(word, status)?.[0] ?? 0;
  }

  all(): readonly SumRow[] {
    return this.selectAll.all();
  }
}

/** The same sums on the connection that changes them: read when somebody first asks, and kept from then on, because each claim asks. */
export class Tallies {
  private readonly rows: TallyRows;
  private sums: Map<string, number> | undefined;

  constructor(database: DatabaseSync) {
    this.rows = new TallyRows(database);
  }

  /** @param write what has been counted, and is not in the tables */
  of(dimension: Dimension, word: string, status: number, write: () => void): number {
    if (this.sums === undefined) {
      write();
      this.sums = new Map();
      for (const [site, share, ...values] of this.rows.all()) this.add({ site, share }, ...values);
    }
    return this.sums.get(nameOf(dimension, word, status)) ?? 0;
  }

  /** What has been counted counts here, too. */
  add(
    { site, share }: { readonly site: string; readonly share: string },
    status: number,
    n: number,
    memory: number,
  ): void {
    if (this.sums === undefined) return;
    this.addTo(this.sums, nameOf('site', site, status), n);
    this.addTo(this.sums, nameOf('share', share, status), n);
    if (memory !== 0) this.addTo(this.sums, nameOf('memory', site, status), memory);
  }

  forget(): void {
    this.sums = undefined;
  }

  private addTo(sums: Map<string, number>, name: string, by: number): void {
    sums.set(name, (sums.get(name) ?? 0) + by);
  }
}
