import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { SequenceName } from './view.js';

export const SEQUENCE_TABLE =
  'CREATE TABLE IF NOT EXISTS panda_sequence (name TEXT PRIMARY KEY, last INTEGER NOT NULL) STRICT, WITHOUT ROWID;';

/** Numbers before the first: panda-client takes smaller ids of tasks for ids of requests (D24). */
const BEFORE_FIRST: Readonly<Record<SequenceName, number>> = { task: 10_000_000, job: 0, dataset: 0, file: 0, row: 0 };

/** The last numbers that events have named. */
export class Sequences {
  private readonly raised = new Map<SequenceName, number>();
  private readonly select: StatementSync;
  private insert: StatementSync | undefined;

  constructor(private readonly database: DatabaseSync) {
    this.select = database.prepare('SELECT last FROM panda_sequence WHERE name = ?');
  }

  next(name: SequenceName): number {
    return Number(this.select.get(name)?.['last'] ?? BEFORE_FIRST[name]) + 1;
  }

  /** An event names a number. It is written by {@link flush}. */
  raise(name: SequenceName, number: number): void {
    this.raised.set(name, Math.max(number, this.raised.get(name) ?? 0));
  }

  flush(): void {
    this.insert ??= this.database.prepare(
      `INSERT INTO panda_sequence (name, last) VALUES (?, ?) ON CONFLICT DO UPDATE SET last = max(last, excluded.last)`,
    );
    for (const [name, number] of this.raised) this.insert.run(name, number);
    this.raised.clear();
  }

  forget(): void {
    this.raised.clear();
  }
}
