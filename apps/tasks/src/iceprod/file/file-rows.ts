import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { DatasetFile } from '#contracts/iceprod/dataset-file-events.js';
import type { Chunks } from '#event-sourcing/paged-answers.js';
import { Slices } from '#event-sourcing/slices.js';
import { LISTING } from '../../engine/tables.js';
import type { UnitReader } from '../../engine/unit-row.js';
import type { WordId } from '../../engine/words.js';
import type { Jobs } from '../job/job-rows.js';
import { keyOf, lastKeyOf } from '../../workload/member-key.js';
import type { WorkloadId, Workloads } from '../../workload/workloads.js';
import { bytesTable, StoredBytes } from '../stored-bytes.js';
import { ICEPROD } from '../streams.js';

/** Rows read at a time: a few milliseconds. */
const CHUNK = 200;

/** Keys searched in one slice: a few milliseconds. */
const SEARCH_KEYS = 20_000;

export const FILE_TABLES = `
CREATE TABLE dataset_file (
  key INTEGER PRIMARY KEY,
  workload INTEGER NOT NULL,
  revision INTEGER NOT NULL,
  task_id TEXT NOT NULL,
  body TEXT NOT NULL
) STRICT;
CREATE INDEX dataset_file_task ON dataset_file (workload, task_id, revision);${bytesTable('dataset_file_bytes')}`;

/** A file as answers show it, which is also what it counts for. */
export const fileDocument = (file: DatasetFile | undefined): string => JSON.stringify({ type: 'permanent', ...file });

/** The bytes of all files that datasets ever had: the ledger keeps those that were removed. */
export const fileBytes = (database: DatabaseSync): StoredBytes => new StoredBytes(database, 'dataset_file_bytes');

/** Revisions in the dataset's stream are the order of creation. */
export const FILE_INDEXES = `
CREATE UNIQUE INDEX dataset_file_order ON dataset_file (workload, revision);`;

/** Reads files through one connection: a snapshot's for queries, `writer` for commands. */
export class DatasetFiles {
  private readonly selectAll: StatementSync;
  private readonly selectOfTask: StatementSync;
  private readonly selectAny: StatementSync;
  private readonly bytes: StoredBytes;

  constructor(
    database: DatabaseSync,
    private readonly workloads: Workloads,
  ) {
    const rows = 'SELECT revision, body FROM dataset_file WHERE workload = ?';
    const tail = `revision > ? ORDER BY revision LIMIT ${String(CHUNK)}`;
    this.selectAll = database.prepare(`${rows} AND ${tail}`);
    this.selectOfTask = database.prepare(`${rows} AND task_id = ? AND ${tail}`);
    this.bytes = fileBytes(database);
    this.selectAny = database.prepare('SELECT 1 FROM dataset_file WHERE workload = ? AND task_id = ? LIMIT 1');
  }

  /** The files of a dataset, or of one of its tasks, as raw JSON in order of creation. */
  async *list(datasetId: string, taskId: string | undefined): Chunks {
    const workload = this.workloads.find(ICEPROD, datasetId);
    if (workload === undefined) return undefined;
    const slices = new Slices();
    const behind = (revision: number) =>
      taskId === undefined ? this.selectAll.all(workload, revision) : this.selectOfTask.all(workload, taskId, revision);
    for (let rows = behind(-1); rows.length > 0; rows = behind(Number(rows.at(-1)?.['revision']))) {
      yield { entries: rows.map(({ body }) => String(body)) };
      if (slices.spent) await slices.pause();
    }
    return undefined;
  }

  bytesOf(datasetId: string): number {
    const workload = this.workloads.find(ICEPROD, datasetId);
    return workload === undefined ? 0 : this.bytes.of(workload);
  }

  has(datasetId: string, taskId: string): boolean {
    const workload = this.workloads.find(ICEPROD, datasetId);
    return workload !== undefined && this.selectAny.get(workload, taskId) !== undefined;
  }
}

/**
 * Finds tasks by job index and name: first in the jobs with that index, then, because tasks need no job, in the whole dataset. A
 * database index would make every rebuild a fifth slower, although few clients ask for this.
 */
export class NamedTasks {
  private readonly selectHome: StatementSync;
  private readonly selectLast: StatementSync;
  private readonly selectMoved: StatementSync;
  private readonly selectOfJob: StatementSync;

  /** Both arguments read through the writing connection. */
  constructor(
    private readonly reader: UnitReader,
    private readonly jobs: Pick<Jobs, 'idsAt'>,
  ) {
    const { database } = reader;
    const match = 'name = ? AND group_index = ? ORDER BY key LIMIT 1';
    this.selectLast = database.prepare('SELECT key FROM unit WHERE key BETWEEN ? AND ? ORDER BY key DESC LIMIT 1');
    this.selectHome = database.prepare(
      `SELECT id FROM unit WHERE key BETWEEN ? AND ? AND workload IS NULL AND ${match}`,
    );
    this.selectMoved = database.prepare(`SELECT id FROM unit WHERE workload = ? AND ${match}`);
    this.selectOfJob = database.prepare(`SELECT id FROM unit WHERE grp = ? AND ${LISTING} = ? AND ${match}`);
  }

  *find(datasetId: string, jobIndex: number, name: string): Generator<void, string | undefined, void> {
    const { workloads, words } = this.reader;
    const [workload, nameId] = [workloads.find(ICEPROD, datasetId), words.name.find(name)];
    if (workload === undefined || nameId === undefined) return undefined;
    const ofJob = this.ofJob(workload, jobIndex, nameId);
    if (ofJob !== undefined) return ofJob;
    const first = keyOf(workload, 0);
    const last = Number(this.selectLast.get(first, lastKeyOf(workload))?.['key'] ?? -1);
    for (let from = first; from <= last; from += SEARCH_KEYS) {
      const row = this.selectHome.get(from, Math.min(from + SEARCH_KEYS - 1, last), nameId, jobIndex);
      if (row !== undefined) return String(row['id']);
      yield;
    }
    const moved = this.selectMoved.get(workload, nameId, jobIndex);
    return moved === undefined ? undefined : String(moved['id']);
  }

  private ofJob(workload: WorkloadId, jobIndex: number, name: WordId): string | undefined {
    for (const job of this.jobs.idsAt(workload, jobIndex)) {
      const group = this.reader.words.group.find(job);
      const row = group === undefined ? undefined : this.selectOfJob.get(group, workload, name, jobIndex);
      if (row !== undefined) return String(row['id']);
    }
    return undefined;
  }
}
