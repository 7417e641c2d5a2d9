import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { type Collection, COLLECTIONS, type PlainCollectionName } from '#contracts/torc/collections.js';
import type { DocumentContinued, DocumentReplaced, DocumentsStored } from '#contracts/torc/events.js';
import type { Ranges } from '#contracts/work-events.js';
import type { WorkloadId } from '../../workload/workloads.js';
import { codeOf } from '../collection-code.js';
import { type BlockCounts, inBlocks } from './block-counts.js';
import type { CustomKeys } from './custom-keys.js';
import { placeOf, type RecentDocuments, recentDocuments } from './document-rows.js';

/** Documents written between two yields. */
const DOCUMENTS_PER_YIELD = 100;

/** What a document is found by, besides its key. */
interface Indexed {
  readonly field: string | null;
  /** Of an event: milliseconds since the Unix epoch. */
  readonly time: number | null;
}

const NOT_INDEXED: Indexed = { field: null, time: null };

const indexedOf = (collection: PlainCollectionName, document: string, goesOn = false): Indexed => {
  const { indexed }: Collection = COLLECTIONS[collection];
  if (indexed === undefined || goesOn) return NOT_INDEXED;
  const fields = JSON.parse(document) as Readonly<Record<string, unknown>>;
  const value = fields[indexed];
  const time = collection === 'events' ? fields['timestamp'] : null;
  return { field: typeof value === 'string' ? value : null, time: typeof time === 'number' ? time : null };
};

/** The time of an event; 0 where there is none. What a client has put there may be no number of milliseconds. */
const eventMsOf = ({ time }: Indexed): number => (time !== null && Number.isSafeInteger(time) ? time : 0);

/** Writes documents, their counts and keys. */
export class DocumentWriter {
  private readonly insert: StatementSync;
  private readonly update: StatementSync;
  private readonly extend: StatementSync;
  private readonly index: StatementSync;
  private readonly remove: StatementSync;
  private readonly recent: RecentDocuments;

  constructor(
    database: DatabaseSync,
    private readonly counts: BlockCounts,
    private readonly keys: CustomKeys,
  ) {
    this.recent = recentDocuments(database);
    this.insert = database.prepare(
      `INSERT OR IGNORE INTO torc_document (workload, collection, ordinal, key, writes, document, field, time)
       VALUES (?, ?, ?, ?, 1, ?, ?, ?)`,
    );
    this.update = database.prepare(
      `UPDATE torc_document SET document = ?, field = ?, time = ?, digest = ?, writes = writes + 1
       WHERE workload = ? AND collection = ? AND ordinal = ?`,
    );
    const one = 'WHERE workload = ? AND collection = ? AND ordinal = ?';
    this.extend = database.prepare(
      `UPDATE torc_document SET document = document || ? ${one} RETURNING iif(?, NULL, document) AS document`,
    );
    this.index = database.prepare(`UPDATE torc_document SET field = ?, time = ? ${one}`);
    this.remove = database.prepare(
      'DELETE FROM torc_document WHERE workload = ? AND collection = ? AND ordinal BETWEEN ? AND ?',
    );
  }

  /** Stores one document, or its first part. Returns its time if it is an event. */
  store(
    workload: WorkloadId,
    collection: PlainCollectionName,
    ordinal: number,
    document: string,
    key?: string,
    goesOn?: boolean,
  ): number {
    const code = codeOf(collection);
    const { changes, time } = this.write(workload, collection, ordinal, document, key, goesOn);
    this.counts.change(workload, code, ordinal, changes);
    return time;
  }

  /** Stores documents in slices. Returns the greatest time of an event. */
  *storeAll(workload: WorkloadId, data: DocumentsStored): Generator<void, number, void> {
    const { collection, ordinals, documents, keys = {} } = data;
    let [at, latest] = [0, 0];
    for (const [first, last] of inBlocks(ordinals)) {
      let written = 0;
      for (let ordinal = first; ordinal <= last; ordinal += 1) {
        const { changes, time } = this.write(workload, collection, ordinal, documents[at] ?? '{}', keys[ordinal]);
        written += changes;
        latest = Math.max(latest, time);
        if ((at += 1) % DOCUMENTS_PER_YIELD === 0) yield;
      }
      this.counts.change(workload, codeOf(collection), first, written);
    }
    return latest;
  }

  private write(
    workload: WorkloadId,
    collection: PlainCollectionName,
    ordinal: number,
    document: string,
    key: string | undefined,
    goesOn?: boolean,
  ): { readonly changes: number; readonly time: number } {
    const code = codeOf(collection);
    const indexed = indexedOf(collection, document, goesOn);
    const { field, time } = indexed;
    const { changes } = this.insert.run(workload, code, ordinal, key ?? null, document, field, time);
    if (key !== undefined) this.keys.choose(workload, code, key, ordinal);
    return { changes: Number(changes), time: eventMsOf(indexed) };
  }

  replace(workload: WorkloadId, data: DocumentReplaced): void {
    const { collection, ordinal, document, request_digest: digest } = data;
    this.recent.delete(placeOf(workload, codeOf(collection), ordinal));
    const { field, time } = indexedOf(collection, document, data.goes_on);
    this.update.run(document, field, time, digest ?? null, workload, codeOf(collection), ordinal);
  }

  /** Adds a part to a document. Returns the time of an event that is whole with it. */
  continue(workload: WorkloadId, { collection, ordinal, text, goes_on: goesOn }: DocumentContinued): number {
    const code = codeOf(collection);
    this.recent.delete(placeOf(workload, code, ordinal));
    const whole = this.extend.get(text, workload, code, ordinal, goesOn === true ? 1 : 0)?.['document'];
    if (typeof whole !== 'string') return 0;
    const indexed = indexedOf(collection, whole);
    this.index.run(indexed.field, indexed.time, workload, code, ordinal);
    return eventMsOf(indexed);
  }

  /** Drops what belongs to a transaction that was rolled back. */
  forget(): void {
    this.recent.clear();
  }

  /** Deletes the documents with these ordinals, as far as there are any. */
  delete(workload: WorkloadId, code: number, ordinals: Ranges): Generator<void, void, void> {
    this.recent.clear();
    return this.counts.deleteAll(this.remove, workload, code, ordinals);
  }
}
