import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { RecentMap } from '#platform/recent-map.js';
import { fullId, revisionText } from '#contracts/torc/ids.js';
import type { PlainCollectionName } from '#contracts/torc/collections.js';
import { type ArrayStatement, arrayStatement } from '#event-sourcing/array-statement.js';
import { perConnection } from '#event-sourcing/per-connection.js';
import type { WorkloadId } from '../../workload/workloads.js';
import { codeOf } from '../collection-code.js';
import { withIdentity } from '../document-text.js';
import type { StoredDocument, Workflow } from '../view.js';
import type { CustomKeys } from './custom-keys.js';

/**
 * Documents of all collections but jobs. `key` is null when it is the ordinal in decimal. `field` is the text in the field that an index
 * serves; `time` the timestamp of an event.
 *
 * It has row numbers: without them documents would be a part of the keys, and SQLite reads the whole of a key that it compares with, so
 * that one document of some MB would slow down each search that passes it by milliseconds.
 */
export const DOCUMENT_TABLE = `
CREATE TABLE torc_document (
  workload INTEGER NOT NULL,
  collection INTEGER NOT NULL,
  ordinal INTEGER NOT NULL,
  key TEXT,
  writes INTEGER NOT NULL,
  document TEXT NOT NULL,
  field TEXT,
  time REAL,
  digest TEXT,
  PRIMARY KEY (workload, collection, ordinal)
) STRICT;`;

export const DOCUMENT_INDEXES = `
CREATE INDEX torc_document_field ON torc_document (workload, collection, field, ordinal) WHERE field IS NOT NULL;
CREATE INDEX torc_document_time ON torc_document (workload, time, ordinal) WHERE time IS NOT NULL;`;

const COLUMNS = 'ordinal, key, writes, document, digest';

type Values = readonly [ordinal: number, key: string | null, writes: number, document: string, digest: string | null];

/** Documents read at a time. */
const SLICE = 500;
/** Fewer are read when they are large. */
const READ_CHARACTERS_MAX = 256 * 1024;

const storedOf = ([ordinal, key, writes, document, digest]: Values): StoredDocument => ({
  ordinal,
  key: key ?? String(ordinal),
  writes,
  document,
  requestDigest: digest ?? undefined,
});

/** Documents up to the first with which they have many characters together: at least one, unless there is none. */
const readSome = (rows: Iterable<Values>): StoredDocument[] => {
  const documents: StoredDocument[] = [];
  let characters = 0;
  for (const row of rows) {
    const document = storedOf(row);
    documents.push(document);
    characters += document.document.length;
    if (characters >= READ_CHARACTERS_MAX) break;
  }
  return documents;
};

/** A document as clients get it. */
export const documentText = (
  workflow: Pick<Workflow, 'key'>,
  collection: PlainCollectionName,
  { ordinal, key, writes, document }: Omit<StoredDocument, 'requestDigest'>,
): string =>
  withIdentity(document, { key, id: fullId(collection, workflow.key, key), rev: revisionText(ordinal, writes) });

/** Bound of {@link recentDocuments}: characters. */
const RECENT_CHARACTERS_MAX = 1024 * 1024;

/**
 * Documents that were read last on a connection that writes, by {@link placeOf}: each job that starts or ends reads its compute node, and many read the
 * same files.
 */
export const recentDocuments = perConnection(
  () => new RecentMap<StoredDocument>(RECENT_CHARACTERS_MAX, ({ document }) => document.length + 1),
);
export type RecentDocuments = ReturnType<typeof recentDocuments>;

export const placeOf = (workload: WorkloadId, code: number, ordinal: number): string =>
  `${workload} ${code} ${ordinal}`;

/** Reads documents through one connection. */
export class DocumentRows {
  private readonly selectAt: ArrayStatement<Values>;
  private readonly selectAfter: ArrayStatement<Values>;
  private readonly selectWith: ArrayStatement<Values>;
  private readonly selectOrdinals: ArrayStatement<readonly [ordinal: number]>;
  private readonly selectTimed: ArrayStatement<Values>;
  private readonly selectTime: StatementSync;

  /** @param recent of the writing connection only: what others read may be changed by it at any time */
  constructor(
    database: DatabaseSync,
    private readonly keys: CustomKeys,
    private readonly recent?: RecentDocuments,
  ) {
    const of = 'FROM torc_document WHERE workload = ?';
    this.selectAt = arrayStatement(database, `SELECT ${COLUMNS} ${of} AND collection = ? AND ordinal = ?`);
    this.selectAfter = arrayStatement(
      database,
      `SELECT ${COLUMNS} ${of} AND collection = ? AND ordinal > ? ORDER BY ordinal LIMIT ? OFFSET ?`,
    );
    const having = `${of} AND collection = ? AND field = ? AND ordinal > ? ORDER BY ordinal LIMIT ?`;
    this.selectWith = arrayStatement(database, `SELECT ${COLUMNS} ${having}`);
    this.selectOrdinals = arrayStatement(database, `SELECT ordinal ${having}`);
    this.selectTimed = arrayStatement(
      database,
      `SELECT ${COLUMNS} ${of} AND (time, ordinal) > (?, ?) AND time IS NOT NULL ORDER BY time, ordinal LIMIT ?`,
    );
    this.selectTime = database.prepare(`SELECT max(time) AS last ${of} AND time IS NOT NULL`);
  }

  at(workload: WorkloadId, collection: PlainCollectionName, ordinal: number): StoredDocument | undefined {
    const code = codeOf(collection);
    const known = this.recent?.get(placeOf(workload, code, ordinal));
    if (known !== undefined) return known;
    const row = this.selectAt.get(workload, code, ordinal);
    if (row === undefined) return undefined;
    const document = storedOf(row);
    this.recent?.set(placeOf(workload, code, ordinal), document);
    return document;
  }

  byKey(workload: WorkloadId, collection: PlainCollectionName, key: string): StoredDocument | undefined {
    for (const ordinal of this.keys.candidates(workload, codeOf(collection), key)) {
      const found = this.at(workload, collection, ordinal);
      if (found?.key === key) return found;
    }
    return undefined;
  }

  /** Documents in order of creation: at most `limit`, fewer when they are large. */
  after(
    workload: WorkloadId,
    collection: PlainCollectionName,
    ordinal: number,
    limit: number,
    skip = 0,
  ): StoredDocument[] {
    return readSome(this.selectAfter.iterate(workload, codeOf(collection), ordinal, limit, skip));
  }

  *all(workload: WorkloadId, collection: PlainCollectionName): Iterable<StoredDocument> {
    let after = -1;
    for (;;) {
      const slice = this.after(workload, collection, after, SLICE);
      if (slice.length === 0) return;
      yield* slice;
      after = slice.at(-1)?.ordinal ?? after;
    }
  }

  /** Documents with this text in the field that is indexed, in order of creation. */
  *having(workload: WorkloadId, collection: PlainCollectionName, text: string): Iterable<StoredDocument> {
    let after = -1;
    for (;;) {
      const slice = readSome(this.selectWith.iterate(workload, codeOf(collection), text, after, SLICE));
      if (slice.length === 0) return;
      yield* slice;
      after = slice.at(-1)?.ordinal ?? after;
    }
  }

  /** Ordinals of documents with this text in the field that is indexed: the documents are not read. */
  ordinalsHaving(
    workload: WorkloadId,
    collection: PlainCollectionName,
    text: string,
    after: number,
    limit: number,
  ): number[] {
    const rows = this.selectOrdinals.all(workload, codeOf(collection), text, after, limit);
    return rows.map(([found]) => found);
  }

  /** Events behind one, by their times: at most `limit`, fewer when they are large. */
  eventsAfter(workload: WorkloadId, time: number, ordinal: number, limit: number): StoredDocument[] {
    return readSome(this.selectTimed.iterate(workload, time, ordinal, limit));
  }

  /** Milliseconds since the Unix epoch; undefined without events. */
  latestEventTime(workload: WorkloadId): number | undefined {
    const last = this.selectTime.get(workload)?.['last'];
    return typeof last === 'number' ? last : undefined;
  }
}
