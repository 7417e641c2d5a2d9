import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { formatTimestamp } from '#platform/clock.js';
import { DomainError } from '#platform/domain-error.js';
import { newId } from '#contracts/ids.js';
import type { TaskStatRecorded } from '#contracts/iceprod/task-events.js';
import { type Chunks, textPages } from '#event-sourcing/paged-answers.js';
import { Snapshots } from '#event-sourcing/snapshots.js';
import { FolderBlobStore } from '#storage/folder-blob-store.js';
import { WORKLOAD_TABLE, Workloads } from '../../workload/workloads.js';
import { taskStatProjection } from './task-stat-projection.js';
import { exportTaskStats, getTaskStat, listTaskStats } from './task-stat-queries.js';
import { microsNotBefore, TaskStats } from './task-stat-rows.js';
import { workStream } from '../streams.js';

const START_MICROS = 1_767_225_600_000_000;

describe('task stats', () => {
  const folder = mkdtempSync(join(tmpdir(), 'cairn-task-stat-'));
  const blobs = new FolderBlobStore(folder);
  const database = new DatabaseSync(':memory:');
  database.exec(`${WORKLOAD_TABLE}${taskStatProjection.tables}${taskStatProjection.indexes}`);
  const writer = taskStatProjection.attach(database);
  const stats = new TaskStats(database, new Workloads(database));
  const file = join(folder, 'model.sqlite');
  new DatabaseSync(file).exec('PRAGMA journal_mode = WAL');
  const answers = textPages(new Snapshots({ file, position: () => 0 }));
  let now = START_MICROS;

  const record = (taskId: string, body: TaskStatRecorded['stats'], datasetId = 'd'): string => {
    now += 1;
    const id = newId(datasetId, now);
    const data: TaskStatRecorded = { task_stat_id: id, task_id: taskId, dataset_id: datasetId, stats: body };
    const metadata = {
      timeMicros: now,
      actor: 'a',
      dialect: 'iceprod',
      correlationId: 'c',
      causationId: 'c',
      schemaVersion: 1,
    };
    const stream = workStream(datasetId);
    writer.apply({ stream, revision: 0, id: '', type: 'TaskStatRecorded', data: { ...data }, metadata });
    return id;
  };

  /** Entries, page by page, as messages carry them. */
  const pagesOf = async (chunks: () => Chunks): Promise<readonly (readonly string[])[]> => {
    const pages: (readonly string[])[] = [];
    let cursor: string | undefined;
    do {
      const page = await answers.page(cursor, chunks);
      if (page instanceof DomainError) throw page;
      pages.push(page.entries);
      cursor = page.next;
    } while (cursor !== undefined);
    return pages;
  };

  interface ListOptions {
    readonly task_id?: string;
    readonly last?: boolean;
    readonly keys?: readonly string[];
  }
  const listed = (options: ListOptions = {}): Promise<readonly (readonly string[])[]> =>
    pagesOf(() => listTaskStats(stats, blobs, { dataset_id: 'd', task_id: 't', last: false, ...options }));

  const list = async (options: ListOptions = {}): Promise<readonly string[]> => (await listed(options)).flat();

  const exported = async (
    options: { last?: boolean; after?: string; keys?: readonly string[]; limit?: number } = {},
  ): Promise<readonly { task_id: string; task_stat_id: string; [field: string]: unknown }[]> => {
    const request = { dataset_id: 'd', last: false, limit: 1000, ...options };
    const pages = await pagesOf(() => exportTaskStats(stats, blobs, request));
    expect(pages.filter(({ length }) => length > request.limit)).toEqual([]);
    return pages.flat().map((entry) => JSON.parse(entry) as { task_id: string; task_stat_id: string });
  };

  const first = record('t', { raw: '{"n":1.0,"big":12345678901234567890}' });
  const firstTime = formatTimestamp(now);
  const other = record('s', { raw: '{}' });
  record('t', { raw: '{"stolen":true}' }, 'other dataset');
  const second = record('t', { raw: '{"n":2}' });
  const secondTime = formatTimestamp(now);

  afterAll(() => {
    rmSync(folder, { recursive: true });
  });

  it('come in creation order, number texts untouched', async () => {
    expect(await list()).toEqual([
      `"${first}":{"task_stat_id":"${first}","task_id":"t","dataset_id":"d","create_date":"${firstTime}","stats":{"n":1.0,"big":12345678901234567890}}`,
      `"${second}":{"task_stat_id":"${second}","task_id":"t","dataset_id":"d","create_date":"${secondTime}","stats":{"n":2}}`,
    ]);
  });

  it('show only the newest, with its date, and keys', async () => {
    expect(await list({ last: true, keys: ['task_id'] })).toEqual([
      `"${second}":{"task_stat_id":"${second}","task_id":"t","create_date":"${secondTime}"}`,
    ]);
    expect(await list({ keys: ['stats.n'] })).toEqual([
      `"${first}":{"task_stat_id":"${first}","stats":{"n":1.0}}`,
      `"${second}":{"task_stat_id":"${second}","stats":{"n":2}}`,
    ]);
  });

  it('are found one by one, in their dataset and task only', async () => {
    const find = (datasetId: string, taskId: string): Promise<string | undefined> =>
      getTaskStat(stats, blobs, { dataset_id: datasetId, task_id: taskId, task_stat_id: first });
    expect(await find('d', 't')).toContain('"n":1.0');
    expect(await find('d', 's')).toBeUndefined();
    expect(await find('other dataset', 't')).toBeUndefined();
    expect(await find('unknown', 't')).toBeUndefined();
  });

  it('are exported by task', async () => {
    const ids = (records: readonly { task_stat_id: string }[]): readonly string[] =>
      records.map((each) => each.task_stat_id);
    expect(ids(await exported())).toEqual([other, first, second]);
    expect(ids(await exported({ limit: 1 }))).toEqual([other, first, second]);
    expect(ids(await exported({ last: true, limit: 1 }))).toEqual([other, second]);
    expect(ids(await exported({ after: secondTime }))).toEqual([second]);
    expect(ids(await exported({ after: '2025' }))).toHaveLength(3);
    expect(ids(await exported({ after: '2027' }))).toEqual([]);
    expect(await exported({ keys: ['task_id'], last: true, after: secondTime })).toEqual([
      { task_stat_id: second, task_id: 't', create_date: secondTime },
    ]);
  });

  it('may be in the blob store, with pages still small', async () => {
    const text = JSON.stringify({ log: 'x'.repeat(300_000) });
    const ids = [];
    for (let index = 0; index < 3; index += 1) {
      const id = record('large', { blob: await blobs.put(`task-stat/${String(index)}`, text) });
      ids.push(id);
    }
    const pages = (await listed({ task_id: 'large' })).filter(({ length }) => length > 0);
    expect(pages.map(([entry, ...others]) => [entry?.slice(1, 33), others])).toEqual(ids.map((id) => [id, []]));
    expect(pages[0]?.[0]).toContain(`"stats":${text}`);
    const small = await listed({ task_id: 'large', keys: ['create_date'] });
    expect(small.map(({ length }) => length)).toEqual([3]);
  });

  it('are compared with times as texts', () => {
    for (const text of [
      '',
      '2026',
      '2026-01-01T00:00:00.000001',
      '2026-01-01T00:00:00.000001x',
      '2255-06-05',
      'NaN',
      '~',
    ]) {
      const micros = microsNotBefore(text);
      if (micros < Number.MAX_SAFE_INTEGER) expect(formatTimestamp(micros) >= text).toBe(true);
      if (micros > 0) expect(formatTimestamp(micros - 1) < text).toBe(true);
    }
  });
});
