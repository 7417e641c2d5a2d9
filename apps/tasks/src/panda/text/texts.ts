import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { JobTextName, TaskTextName, TextContinued, TextStored } from '#contracts/panda/events.js';
import { type ArrayStatement, arrayStatement } from '#event-sourcing/array-statement.js';

/** Texts by the key of their job, or by the workload of their task, in the parts in which events have told them. */
export const TEXT_TABLES = `
CREATE TABLE IF NOT EXISTS panda_task_text (
  owner INTEGER NOT NULL, name TEXT NOT NULL, part INTEGER NOT NULL, text TEXT NOT NULL, PRIMARY KEY (owner, name, part)
) STRICT;
CREATE TABLE IF NOT EXISTS panda_job_text (
  owner INTEGER NOT NULL, name TEXT NOT NULL, part INTEGER NOT NULL, text TEXT NOT NULL, PRIMARY KEY (owner, name, part)
) STRICT;`;

export type TextOwner = 'task' | 'job';

/** Texts of tasks or of jobs on one connection. */
export class Texts {
  private readonly select: ArrayStatement<readonly [text: string]>;
  private readonly write: () => {
    readonly clear: StatementSync;
    readonly begin: StatementSync;
    readonly append: StatementSync;
  };

  constructor(database: DatabaseSync, of: TextOwner) {
    const table = `panda_${of}_text`;
    this.select = arrayStatement(database, `SELECT text FROM ${table} WHERE owner = ? AND name = ? ORDER BY part`);
    let statements: ReturnType<typeof this.write> | undefined;
    // Prepared when needed: the connection for queries can only read.
    this.write = () =>
      (statements ??= {
        clear: database.prepare(`DELETE FROM ${table} WHERE owner = ? AND name = ?`),
        begin: database.prepare(`INSERT INTO ${table} (owner, name, part, text) VALUES (?, ?, 1, ?)`),
        append: database.prepare(
          `INSERT INTO ${table} (owner, name, part, text)
           SELECT ?1, ?2, coalesce(max(part), 0) + 1, ?3 FROM ${table} WHERE owner = ?1 AND name = ?2`,
        ),
      });
  }

  text(owner: number, name: TaskTextName | JobTextName): string | undefined {
    const parts = this.select.all(owner, name);
    return parts.length === 0 ? undefined : parts.map(([part]) => part).join('');
  }

  stored(owner: number, { name, text }: TextStored): void {
    this.write().clear.run(owner, name);
    this.write().begin.run(owner, name, text);
  }

  continued(owner: number, { name, text }: TextContinued): void {
    this.write().append.run(owner, name, text);
  }
}
