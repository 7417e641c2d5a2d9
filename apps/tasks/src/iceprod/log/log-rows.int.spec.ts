import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { WORKLOAD_TABLE, Workloads } from '../../workload/workloads.js';
import { LOG_INDEXES, LOG_TABLES, Logs } from './log-rows.js';
import { workStream } from '../streams.js';

/** Records the prepared statements. */
class WatchedDatabase extends DatabaseSync {
  readonly asked: string[] = [];

  override prepare(sql: string): StatementSync {
    this.asked.push(sql);
    return super.prepare(sql);
  }

  planOf(sql: string): string {
    const steps = super.prepare(`EXPLAIN QUERY PLAN ${sql}`).all();
    return steps.map(({ detail }) => String(detail)).join(', ');
  }
}

describe('logs', () => {
  const database = new WatchedDatabase(':memory:');
  let workloads: Workloads;

  beforeAll(() => {
    database.exec(WORKLOAD_TABLE + LOG_TABLES + LOG_INDEXES);
    workloads = new Workloads(database);
    workloads.ensure(workStream('d'));
  });

  afterAll(() => database.close());

  it.each([
    [{ datasetId: 'd', taskId: 't' }, 'log_task (task_id=?'],
    [{ datasetId: 'd', taskId: 't', name: 'stdlog' }, 'log_task (task_id=?'],
    [{ datasetId: 'd' }, 'log_dataset (workload=?'],
    [{ name: 'stdlog', toMicros: 5 }, 'log_name (name=? AND created<?'],
    [{ fromMicros: 5 }, 'log_time (created>?'],
  ])('that match %j are found by the index %s', (filter, index) => {
    const logs = new Logs(database, workloads);
    database.asked.length = 0;
    logs.list(filter, 'desc', 10);
    logs.count(filter);
    expect(database.asked).toHaveLength(2);
    for (const sql of database.asked) {
      const plan = database.planOf(sql);
      expect(plan).toContain(index);
      expect(plan).not.toContain('TEMP B-TREE');
    }
  });
});
