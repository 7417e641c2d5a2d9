import { DatabaseSync } from 'node:sqlite';
import { COUNT_TABLES, JobCounts, JobCountWriter } from './job-counts.js';

const CLASS = {
  ...{ site: 'SITE_A', cloud: 'EU', label: 'user', share: 'User Analysis' },
  ...{ processingType: 'panda-client', resourceType: 'SCORE' },
};

describe('numbers of jobs', () => {
  const file = new DatabaseSync(':memory:');
  file.exec(COUNT_TABLES);
  const writer = new JobCountWriter(file);
  const counts = new JobCounts(file);
  const classId = writer.idOf(CLASS);
  const rows = (): unknown => file.prepare('SELECT sum(n) AS n FROM panda_job_count').get()?.['n'];
  const changed = (status: 'activated' | 'sent' | 'finished', second: number, by: 1 | -1): void =>
    writer.count({ classId, status, changedMicros: second * 1_000_000 }, by);

  it('are written when they are read on the same connection, those of an open transaction too', () => {
    changed('activated', 1, 1);
    changed('activated', 2, 1);
    expect(rows()).toBeNull();
    expect(counts.countAtSite('SITE_A', 'activated')).toBe(2);
    expect(rows()).toBe(2);
    changed('activated', 1, -1);
    changed('sent', 3, 1);
    expect(counts.countOfShare('User Analysis', ['sent', 'starting'])).toBe(1);
    expect(counts.active()).toEqual([
      { jobClass: CLASS, status: 'activated', n: 1 },
      { jobClass: CLASS, status: 'sent', n: 1 },
    ]);
  });

  it('of the past are kept by the second, whatever the order in which they are told', () => {
    for (const second of [20, 10, 30, 20]) changed('finished', second, 1);
    const since = (second: number): number | undefined => counts.endedSince(second * 1_000_000)[0]?.n;
    expect([since(5), since(10), since(20), since(30)]).toEqual([4, 3, 1, undefined]);
    changed('finished', 20, -1);
    expect([since(5), since(10), since(20), since(30)]).toEqual([3, 2, 1, undefined]);
  });

  it('are summed over classes alike from the tables and while they change, the memory of those that execute too', () => {
    const other = writer.idOf({ ...CLASS, site: 'SITE_B', resourceType: 'MCORE' });
    const sums = (of: JobCounts): readonly number[] => [
      ...[of.countAtSite('SITE_B', 'running'), of.memoryAtSite('SITE_B', 'running')],
      ...[of.countOfShare('User Analysis', ['sent', 'running']), of.countAtSite('SITE_C', 'running')],
    ];
    const running = (memory: number, by: 1 | -1): void =>
      writer.count({ classId: other, status: 'running', changedMicros: 0 }, by, memory);
    for (const memory of [100, 2_000]) running(memory, 1);
    expect(sums(counts)).toEqual([2, 2_100, 3, 0]);
    running(100, -1);
    expect(sums(counts)).toEqual([1, 2_000, 2, 0]);
    writer.flush();
    writer.forget();
    expect(sums(counts)).toEqual([1, 2_000, 2, 0]);
  });

  it('that were not written are forgotten with their transaction', () => {
    changed('activated', 40, 1);
    writer.forget();
    expect(counts.countAtSite('SITE_A', 'activated')).toBe(1);
  });
});
