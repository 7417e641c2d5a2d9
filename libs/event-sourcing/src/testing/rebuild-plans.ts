import { DatabaseSync, type StatementSync } from 'node:sqlite';
import type { Projection } from '../projection.js';

class RecordingDatabase extends DatabaseSync {
  readonly prepared: string[] = [];

  override prepare(sql: string): StatementSync {
    this.prepared.push(sql);
    return super.prepare(sql);
  }
}

/**
 * How SQLite carries out the statements of a projection during a rebuild, which makes the secondary indexes at its end only: one line for each step.
 *
 * @param others whose tables it refers to
 */
export const rebuildPlans = (projection: Projection, others: readonly Projection[] = []): readonly string[] => {
  const database = new RecordingDatabase(':memory:');
  for (const { tables } of [...others, projection]) database.exec(tables);
  projection.attach(database);
  const plans = [...database.prepared].flatMap((sql) => database.prepare(`EXPLAIN QUERY PLAN ${sql}`).all());
  return plans.map(({ detail }) => String(detail));
};
