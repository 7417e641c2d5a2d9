import type { StatementSync } from 'node:sqlite';
import type { ReadyUnits } from '../../engine/ready.js';
import type { WorkerRecord } from '../../engine/retries.js';
import type { Unit, UnitKey } from '../../engine/unit.js';
import type { UnitStore } from '../../engine/unit-store.js';
import { keyOf, lastKeyOf, ordinalOfKey, workloadOfKey } from '../../workload/member-key.js';
import type { DatasetState, Selected, TaskView } from './view.js';
import { ICEPROD, workStream } from '../streams.js';

/** Rows of one slice. */
const SLICE = 2_000;

const UNKNOWN: DatasetState = { status: undefined, debug: false };

/** The state that task deciders read, on the writing connection. */
export class SqliteTaskView implements TaskView {
  private readonly selectDataset: StatementSync;
  private readonly selectFound: StatementSync;
  private readonly selectLast: StatementSync;
  private readonly selectHome: StatementSync;
  private readonly selectMoved: StatementSync;
  private readonly selectGroup: StatementSync;

  constructor(private readonly store: UnitStore) {
    const { database } = store;
    const columns = 'SELECT key, workload, status, name FROM unit WHERE';
    this.selectDataset = database.prepare(
      'SELECT status, debug FROM workload LEFT JOIN dataset ON dataset.workload = workload.id WHERE workload.id = ?',
    );
    this.selectFound = database.prepare('SELECT key, workload, status FROM unit WHERE dialect = ? AND id = ?');
    this.selectLast = database.prepare('SELECT key FROM unit WHERE key BETWEEN ? AND ? ORDER BY key DESC LIMIT 1');
    this.selectHome = database.prepare(`${columns} key > ? AND key <= ? ORDER BY key LIMIT ?`);
    this.selectMoved = database.prepare(`${columns} workload = ? AND key > ? ORDER BY key LIMIT ?`);
    this.selectGroup = database.prepare(`${columns} grp = ? AND key > ? ORDER BY key LIMIT ?`);
  }

  get ready(): ReadyUnits {
    return this.store.ready;
  }

  unit(id: string): Unit | undefined {
    return this.store.byId(ICEPROD, id)?.unit;
  }

  find(id: string): (Selected & { readonly workload: string }) | undefined {
    const { words, workloads } = this.store.reader;
    const row = this.selectFound.get(words.dialect.find(ICEPROD) ?? null, id);
    if (row === undefined) return undefined;
    const key = Number(row['key']);
    const listing = row['workload'] === null ? workloadOfKey(key) : Number(row['workload']);
    return { key, status: words.status.wordOf(Number(row['status'])), workload: workloads.nameOf(listing) };
  }

  unitAt(key: UnitKey): Unit | undefined {
    return this.store.byKey(key)?.unit;
  }

  dataset(datasetId: string): DatasetState {
    const { workloads } = this.store.reader;
    const id = workloads.find(ICEPROD, datasetId);
    const row = id === undefined ? undefined : this.selectDataset.get(id);
    if (row === undefined) return UNKNOWN;
    return { status: typeof row['status'] === 'string' ? row['status'] : undefined, debug: row['debug'] === 1 };
  }

  notBeforeMicros(key: UnitKey): number {
    return this.store.retries.notBeforeMicros(key);
  }

  pilot(id: string): WorkerRecord {
    return this.store.retries.worker(ICEPROD, id);
  }

  streamOf(key: UnitKey): string {
    return this.store.reader.workloads.workStreamOf(workloadOfKey(key));
  }

  homeOf(datasetId: string): string {
    return workStream(datasetId);
  }

  nextOrdinal(datasetId: string): number {
    const id = this.store.reader.workloads.find(ICEPROD, datasetId);
    if (id === undefined) return 0;
    const last = this.selectLast.get(keyOf(id, 0), lastKeyOf(id));
    return last === undefined ? 0 : ordinalOfKey(Number(last['key'])) + 1;
  }

  *unitsOf(datasetId: string): Iterable<readonly Selected[]> {
    const id = this.store.reader.workloads.find(ICEPROD, datasetId);
    if (id === undefined) return;
    yield* this.slices(id, keyOf(id, 0) - 1, (after) => this.selectHome.all(after, lastKeyOf(id), SLICE));
    yield* this.slices(id, -1, (after) => this.selectMoved.all(id, after, SLICE));
  }

  *unitsNamed(datasetId: string, name: string): Iterable<readonly Selected[]> {
    const { workloads, words } = this.store.reader;
    const [id, nameId] = [workloads.find(ICEPROD, datasetId), words.name.find(name)];
    if (id === undefined || nameId === undefined) return;
    // Filtered here, because a statement that searches for a rare name would block the thread.
    yield* this.slices(id, keyOf(id, 0) - 1, (after) => this.selectHome.all(after, lastKeyOf(id), SLICE), nameId);
    yield* this.slices(id, -1, (after) => this.selectMoved.all(id, after, SLICE), nameId);
  }

  *unitsOfJob(datasetId: string, jobId: string): Iterable<readonly Selected[]> {
    const { workloads, words } = this.store.reader;
    const [id, group] = [workloads.find(ICEPROD, datasetId), words.group.find(jobId)];
    if (id === undefined || group === undefined) return;
    yield* this.slices(id, -1, (after) => this.selectGroup.all(group, after, SLICE));
  }

  /** Reads rows in the order of their keys and skips those that another dataset lists. */
  private *slices(
    listing: number,
    start: number,
    read: (after: number) => readonly Readonly<Record<string, unknown>>[],
    name?: number,
  ): Iterable<readonly Selected[]> {
    const { words } = this.store.reader;
    let after = start;
    for (let rows = read(after); rows.length > 0; rows = read(after)) {
      const slice: Selected[] = [];
      for (const row of rows) {
        after = Number(row['key']);
        const listed = row['workload'] === null ? workloadOfKey(after) : Number(row['workload']);
        const isNamed = name === undefined || Number(row['name']) === name;
        if (listed === listing && isNamed)
          slice.push({ key: after, status: words.status.wordOf(Number(row['status'])) });
      }
      yield slice;
      if (rows.length < SLICE) return;
    }
  }
}
