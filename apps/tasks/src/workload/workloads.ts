import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { type Dialect, ref, refOfStream, streamName, unescapedId } from '#ledger/ref.js';

/** Integer id of a workload in this read model. Never sent to others, because another read model may use other ids. */
export type WorkloadId = number;

/** Bound of the caches from names to ids. */
const CACHE_MAX = 20_000;

export const WORKLOAD_TABLE = `
CREATE TABLE IF NOT EXISTS workload (
  id INTEGER PRIMARY KEY,
  ref TEXT NOT NULL UNIQUE,
  dialect TEXT NOT NULL,
  name TEXT NOT NULL,
  status TEXT
) STRICT;`;

/** Ref of a workload by its public id: names its streams. */
export const workloadRef = (dialect: Dialect, name: string): string => ref(dialect, 'main', name);

/** The stream that records the units and groups of a workload. */
export const workStream = (dialect: Dialect, name: string): string => streamName('work', workloadRef(dialect, name));

const dialectOfRef = (aggregateRef: string): string => aggregateRef.slice(0, aggregateRef.indexOf('.'));

const nameOfRef = (aggregateRef: string): string => {
  const escaped = aggregateRef.slice(aggregateRef.indexOf('.', aggregateRef.indexOf('.') + 1) + 1);
  return unescapedId(escaped);
};

/**
 * Integer ids for workloads, over the `workload` table. One instance belongs to one connection. A workload need not have
 * been submitted: the first event that names its id adds its row.
 */
export class Workloads {
  private readonly selectByRef: StatementSync;
  private readonly selectById: StatementSync;
  private readonly insert: () => StatementSync;
  private readonly idsByRef = new Map<string, WorkloadId>();
  private readonly idsByName = new Map<string, Map<string, WorkloadId>>();
  private readonly namesById = new Map<WorkloadId, string>();
  private readonly streamsById = new Map<WorkloadId, string>();
  private readonly dialectsById = new Map<WorkloadId, Dialect>();

  constructor(database: DatabaseSync) {
    this.selectByRef = database.prepare('SELECT id, name FROM workload WHERE ref = ?');
    this.selectById = database.prepare('SELECT ref, dialect, name, status FROM workload WHERE id = ?');
    let insert: StatementSync | undefined;
    // Prepared when needed: the connection for queries can only read.
    this.insert = () =>
      (insert ??= database.prepare('INSERT INTO workload (ref, dialect, name) VALUES (?, ?, ?) RETURNING id'));
  }

  /** Id of the workload with a public id. Undefined if no event has named it. */
  find(dialect: Dialect, name: string): WorkloadId | undefined {
    let ids = this.idsByName.get(dialect);
    if (ids === undefined) this.idsByName.set(dialect, (ids = new Map<string, WorkloadId>()));
    const cached = ids.get(name);
    if (cached !== undefined) return cached;
    const id = this.idOfRef(workloadRef(dialect, name));
    if (id !== undefined) remember(ids, name, id);
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
   * Id of the workload that a stream is about. Adds its row if missing. For projections only, inside their transaction.
   *
   * @param name public id; by default what the stream's name says. Needed for ids so long that their ref is
   *   a hash: the first event of a `work-` stream therefore names its workload.
   */
  ensure(stream: string, name?: string): WorkloadId {
    const aggregateRef = refOfStream(stream);
    const known = this.idOfRef(aggregateRef);
    if (known !== undefined) return known;
    const row = this.insert().get(aggregateRef, dialectOfRef(aggregateRef), name ?? nameOfRef(aggregateRef));
    const id = Number(row?.['id']);
    remember(this.idsByRef, aggregateRef, id);
    return id;
  }

  /** Public id of a workload. */
  nameOf(id: WorkloadId): string {
    const cached = this.namesById.get(id);
    if (cached !== undefined) return cached;
    const row = this.selectById.get(id);
    const name = String(row?.['name'] ?? '');
    remember(this.namesById, id, name);
    return name;
  }

  dialectOf(id: WorkloadId): Dialect {
    const cached = this.dialectsById.get(id);
    if (cached !== undefined) return cached;
    const dialect = String(this.selectById.get(id)?.['dialect'] ?? '') as Dialect;
    remember(this.dialectsById, id, dialect);
    return dialect;
  }

  /** The stream that records a workload's units and groups. */
  workStreamOf(id: WorkloadId): string {
    const cached = this.streamsById.get(id);
    if (cached !== undefined) return cached;
    const stream = streamName('work', String(this.selectById.get(id)?.['ref'] ?? ''));
    remember(this.streamsById, id, stream);
    return stream;
  }

  /** The ref that names its streams. */
  refOf(id: WorkloadId): string {
    return refOfStream(this.workStreamOf(id));
  }

  /** The status of a workload. Undefined until it is submitted. Not cached. */
  statusOf(id: WorkloadId): string | undefined {
    const status = this.selectById.get(id)?.['status'];
    return typeof status === 'string' ? status : undefined;
  }

  /** Drops what a transaction that was rolled back may have put into the caches. */
  forget(): void {
    this.idsByRef.clear();
    this.idsByName.clear();
    this.dialectsById.clear();
    this.namesById.clear();
    this.streamsById.clear();
  }
}

const remember = <Key, Value>(cache: Map<Key, Value>, key: Key, value: Value): void => {
  // A full cache is cleared: that is rare, and cheaper than tracking the order of use.
  if (cache.size >= CACHE_MAX) cache.clear();
  cache.set(key, value);
};
