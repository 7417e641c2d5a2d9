import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { ref, refOfStream, streamName } from '#ledger/ref.js';

/** Integer name of a workload inside this service. Never leaves it: another read model may number differently. */
export type WorkloadId = number;

/** Bound of the caches from names to ids. */
const CACHE_MAX = 20_000;

export const WORKLOAD_TABLE = `
CREATE TABLE IF NOT EXISTS workload (
  id INTEGER PRIMARY KEY,
  ref TEXT NOT NULL UNIQUE,
  name TEXT NOT NULL,
  number INTEGER,
  status TEXT,
  truncated INTEGER NOT NULL DEFAULT 0,
  debug INTEGER NOT NULL DEFAULT 0
) STRICT;`;

/** Datasets that may still need something: a few of all that there ever were. */
export const WORKLOAD_INDEX = `
CREATE INDEX IF NOT EXISTS workload_open ON workload (id) WHERE status IS NOT NULL AND status <> 'complete';`;

/** What this service knows of a dataset by the events of its `workload-` stream. */
interface DatasetFacts {
  /** The human number; absent while nobody has submitted a dataset of this id. */
  readonly number: number | undefined;
  readonly status: string | undefined;
  readonly truncated: boolean;
  readonly debug: boolean;
}

const UNKNOWN_DATASET: DatasetFacts = { number: undefined, status: undefined, truncated: false, debug: false };

/** Ref of an IceProd dataset: names its streams. */
export const datasetRef = (datasetId: string): string => ref('iceprod', 'main', datasetId);

/** The stream that holds the work of a dataset: jobs, tasks, stats. */
export const workStream = (datasetId: string): string => streamName('work', datasetRef(datasetId));

const nameOfRef = (aggregateRef: string): string => {
  const escaped = aggregateRef.slice(aggregateRef.indexOf('.', aggregateRef.indexOf('.') + 1) + 1);
  return decodeURIComponent(escaped);
};

/**
 * Integer ids for workloads, over the `workload` table. One instance belongs to one connection. A workload need not
 * exist as a dataset: whatever is stored for an id that nobody submitted makes its row (contract 1.7).
 */
export class Workloads {
  private readonly selectByRef: StatementSync;
  private readonly selectById: StatementSync;
  private readonly insert: () => StatementSync;
  private readonly idsByRef = new Map<string, WorkloadId>();
  private readonly idsByDataset = new Map<string, WorkloadId>();
  private readonly namesById = new Map<WorkloadId, string>();
  private readonly streamsById = new Map<WorkloadId, string>();

  constructor(database: DatabaseSync) {
    this.selectByRef = database.prepare('SELECT id, name FROM workload WHERE ref = ?');
    this.selectById = database.prepare('SELECT ref, name, number, status, truncated, debug FROM workload WHERE id = ?');
    let insert: StatementSync | undefined;
    // Prepared when needed: the connection for queries can only read.
    this.insert = () => (insert ??= database.prepare('INSERT INTO workload (ref, name) VALUES (?, ?) RETURNING id'));
  }

  /** Id of a dataset that is known here, for whatever reason. */
  idOfDataset(datasetId: string): WorkloadId | undefined {
    const cached = this.idsByDataset.get(datasetId);
    if (cached !== undefined) return cached;
    const id = this.idOfRef(datasetRef(datasetId));
    if (id !== undefined) remember(this.idsByDataset, datasetId, id);
    return id;
  }

  idOfRef(aggregateRef: string): WorkloadId | undefined {
    const cached = this.idsByRef.get(aggregateRef);
    if (cached !== undefined) return cached;
    const row = this.selectByRef.get(aggregateRef);
    if (row === undefined) return undefined;
    const id = Number(row['id']);
    remember(this.idsByRef, aggregateRef, id);
    return id;
  }

  /**
   * Id of the workload that a stream is about; makes its row when missing. For projections only, inside their transaction.
   *
   * @param name public id (`dataset_id`); by default what the stream's name says. Needed for ids so long that their ref is
   *   a hash: the first event of a `work-` stream therefore names its dataset.
   */
  ensure(stream: string, name?: string): WorkloadId {
    const aggregateRef = refOfStream(stream);
    const known = this.idOfRef(aggregateRef);
    if (known !== undefined) return known;
    const row = this.insert().get(aggregateRef, name ?? nameOfRef(aggregateRef));
    const id = Number(row?.['id']);
    remember(this.idsByRef, aggregateRef, id);
    return id;
  }

  /** Public id of a workload: the `dataset_id`. */
  nameOf(id: WorkloadId): string {
    const cached = this.namesById.get(id);
    if (cached !== undefined) return cached;
    const row = this.selectById.get(id);
    const name = String(row?.['name'] ?? '');
    remember(this.namesById, id, name);
    return name;
  }

  /** The stream that holds a workload's work. */
  workStreamOf(id: WorkloadId): string {
    const cached = this.streamsById.get(id);
    if (cached !== undefined) return cached;
    const stream = streamName('work', String(this.selectById.get(id)?.['ref'] ?? ''));
    remember(this.streamsById, id, stream);
    return stream;
  }

  /** What its `workload-` stream says; read anew each time. */
  factsOf(id: WorkloadId): DatasetFacts {
    const row = this.selectById.get(id);
    if (row === undefined) return UNKNOWN_DATASET;
    return {
      number: typeof row['number'] === 'number' ? row['number'] : undefined,
      status: typeof row['status'] === 'string' ? row['status'] : undefined,
      truncated: row['truncated'] === 1,
      debug: row['debug'] === 1,
    };
  }

  /** Drops what a transaction that was rolled back may have put into the caches. */
  forget(): void {
    this.idsByRef.clear();
    this.idsByDataset.clear();
    this.namesById.clear();
    this.streamsById.clear();
  }
}

const remember = <Key, Value>(cache: Map<Key, Value>, key: Key, value: Value): void => {
  // A full cache starts anew: cheaper than keeping an order, and rare.
  if (cache.size >= CACHE_MAX) cache.clear();
  cache.set(key, value);
};
