import type { DatabaseSync, SQLOutputValue } from 'node:sqlite';
import { DomainError } from '#platform/domain-error.js';
import { ref, streamName } from '#ledger/ref.js';
import type { Caller } from '#bus/contract.js';
import type { ListDatasetsRequest } from '#contracts/iceprod/datasets.js';
import { projectKeys, type WantedFields, wantedFields } from '#contracts/iceprod/keys.js';
import { DATASET_SORT_FIELDS } from '#contracts/iceprod/sort-fields.js';
import { afterCursor, type ChangedSince, type SortField } from '#contracts/lists.js';
import { DATASET_STATUSES, type DatasetStatus, isDatasetStatus } from '#contracts/iceprod/statuses.js';
import type { AccessRules } from '#event-sourcing/access-rules.js';
import { listStart } from '#event-sourcing/list-start.js';
import { CHUNK_CHARACTERS_MAX, type Chunks } from '#event-sourcing/paged-answers.js';
import { Slices } from '#event-sourcing/slices.js';
import { sortableValue, SortedLists } from '#event-sourcing/sorted-lists.js';
import type { Dataset } from './dataset.js';
import type { StatusChange } from './dataset-projection.js';
import { TRUNCATED_WORD } from './status-machine.js';

/** Datasets read at a time: a few milliseconds. */
const CHUNK = 200;

interface DatasetRow {
  /** Names the row in this file, and nowhere else. */
  readonly key: number;
  readonly dataset: number;
  readonly dataset_id: string;
  readonly status: number;
  readonly truncated: number;
  readonly owner_group: string;
  readonly username: string;
  readonly touched: number;
  readonly document: string;
}

const rowOf = (row: Readonly<Record<string, SQLOutputValue>>): DatasetRow => ({
  key: Number(row['key']),
  dataset: Number(row['dataset']),
  dataset_id: String(row['dataset_id']),
  status: Number(row['status']),
  truncated: Number(row['truncated']),
  owner_group: String(row['owner_group']),
  username: String(row['username']),
  touched: Number(row['touched']),
  document: String(row['document']),
});

const entryOf = ({ dataset_id: id, document }: DatasetRow, wanted: WantedFields | undefined): string =>
  `${JSON.stringify(id)}:${projectKeys(document, wanted)}`;

type Filter = (row: DatasetRow) => boolean;

const unknownStatus = (): DomainError => new DomainError('invalid', 'dataset.unknown-status', 'unknown status');

/** A legacy word selects by flag, every other word by status (IceProd contract 4.2). */
const statusFilter = (words: readonly string[]): Filter | DomainError => {
  const statuses = words.filter((word): word is DatasetStatus => isDatasetStatus(word));
  if (words.some((word) => !isDatasetStatus(word) && word !== TRUNCATED_WORD)) return unknownStatus();
  const places = new Set(statuses.map((status) => DATASET_STATUSES.indexOf(status)));
  const flagged = words.includes(TRUNCATED_WORD);
  return ({ status, truncated }) => places.has(status) || (flagged && truncated === 1);
};

const filterOf = ({ statuses, groups, users }: ListDatasetsRequest, changed: Filter): Filter | DomainError => {
  const filters: Filter[] = [];
  if (statuses !== undefined) {
    const byStatus = statusFilter(statuses);
    if (byStatus instanceof DomainError) return byStatus;
    filters.push(byStatus);
  }
  if (groups !== undefined) {
    const names = new Set(groups);
    filters.push((row) => names.has(row.owner_group));
  }
  if (users !== undefined) {
    const names = new Set(users);
    filters.push((row) => names.has(row.username));
  }
  filters.push(changed);
  return (row) => filters.every((filter) => filter(row));
};

const valuesOf = (document: string, sort: readonly SortField[]): readonly unknown[] => {
  const dataset = JSON.parse(document) as Dataset;
  return sort.map(({ field }) => {
    const known = DATASET_SORT_FIELDS.find((name) => name === field);
    return known === undefined ? undefined : sortableValue(dataset[known]);
  });
};

/** A position in the order of creation: numbers are given once and never change. */
interface Cursor {
  readonly dataset: number;
  readonly dataset_id: string;
}
const BEFORE_ALL: Cursor = { dataset: Number.MIN_SAFE_INTEGER, dataset_id: '' };

const cursorText = ({ dataset, dataset_id: id }: Cursor): string => `${dataset}/${id}`;
const isCursor = (text: string): boolean => /^-?\d{1,15}\/[^]*$/.test(text);

const readCursor = (text: string | undefined): Cursor => {
  if (text === undefined) return BEFORE_ALL;
  const at = text.indexOf('/');
  return { dataset: Number(text.slice(0, at)), dataset_id: text.slice(at + 1) };
};

/** Reads datasets through one connection: a snapshot or `queries` to answer, `writer` to decide. */
export class Datasets {
  private readonly selectOne;
  private readonly selectMoved;
  private readonly selectRow;
  private readonly selectNumber;
  private readonly selectPage;
  private readonly selectStatuses;
  private readonly selectPosition;

  constructor(
    database: DatabaseSync,
    private readonly rules: AccessRules,
    /** Bounds the sorted lists of all connections together. */
    private readonly sorted = new SortedLists(),
  ) {
    this.selectOne = database.prepare('SELECT document FROM dataset WHERE ref = ?');
    this.selectMoved = database.prepare('SELECT moved FROM dataset WHERE ref = ?');
    const select =
      'SELECT rowid AS key, dataset, dataset_id, status, truncated, owner_group, username, touched, document FROM dataset';
    this.selectRow = database.prepare(`${select} WHERE rowid = ?`);
    this.selectNumber = database.prepare(`${select} WHERE dataset = ? ORDER BY dataset_id`);
    this.selectPage = database.prepare(
      `${select} WHERE (dataset, dataset_id) > (?, ?) ORDER BY dataset, dataset_id LIMIT ${CHUNK}`,
    );
    // All events of a dataset stand in a stream of its own.
    this.selectPosition = database.prepare('SELECT position FROM model_stream WHERE stream = ?');
    this.selectStatuses = database.prepare(
      'SELECT status, dataset_id FROM dataset ORDER BY status, dataset, dataset_id',
    );
  }

  /** The document as raw JSON. */
  document(datasetId: string): string | undefined {
    return this.selectOne.get(ref('iceprod', 'main', datasetId))?.['document'] as string | undefined;
  }

  statusChange(datasetId: string): StatusChange | undefined {
    const moved = this.selectMoved.get(ref('iceprod', 'main', datasetId))?.['moved'];
    return typeof moved === 'string' ? (JSON.parse(moved) as StatusChange) : undefined;
  }

  dataset(datasetId: string): Dataset | undefined {
    const document = this.document(datasetId);
    return document === undefined ? undefined : (JSON.parse(document) as Dataset);
  }

  /** Documents in the order of their numbers, or sorted; what the caller may not read is left out and does not count. */
  list(request: ListDatasetsRequest, caller: Caller): Chunks | DomainError {
    const passes = filterOf(request, this.changedSince(request.changed_since));
    if (passes instanceof DomainError) return passes;
    const shows: Filter = (row) => passes(row) && this.rules.authorize(row.dataset_id, 'read', caller) === undefined;
    const keys = wantedFields(request.keys, ['dataset_id']);
    const { dataset: number, sort = [] } = request;
    if (number !== undefined) return this.numbered(number, shows, keys);
    return sort.length === 0 ? this.created(request, shows, keys) : this.sortedList(request, sort, shows, keys);
  }

  private changedSince(since: ChangedSince | undefined): Filter {
    if (since === undefined) return () => true;
    if ('micros' in since) return ({ touched }) => touched >= since.micros;
    return ({ dataset_id: id }) => {
      const row = this.selectPosition.get(streamName('workload', ref('iceprod', 'main', id)));
      return Number(row?.['position'] ?? Infinity) > since.position;
    };
  }

  private async *numbered(number: number, shows: Filter, keys: WantedFields | undefined): Chunks {
    const rows = this.selectNumber.all(number).map(rowOf);
    yield await Promise.resolve({ entries: rows.filter(shows).map((row) => entryOf(row, keys)) });
    return undefined;
  }

  private created(request: ListDatasetsRequest, shows: Filter, keys: WantedFields | undefined): Chunks | DomainError {
    const start = listStart(request, isCursor);
    return start instanceof DomainError ? start : this.behind(readCursor(start.cursor), start.limit, shows, keys);
  }

  private async *behind(start: Cursor, limit: number, shows: Filter, keys: WantedFields | undefined): Chunks {
    let left = limit;
    let last = start;
    for await (const rows of this.walk(start, new Slices())) {
      let entries: string[] = [];
      let characters = 0;
      for (const row of rows.filter(shows)) {
        if (left === 0) {
          yield { entries };
          return afterCursor(cursorText(last));
        }
        const entry = entryOf(row, keys);
        entries.push(entry);
        characters += entry.length;
        left -= 1;
        last = row;
        if (characters < CHUNK_CHARACTERS_MAX) continue;
        yield { entries, ...(limit !== Infinity && { after: afterCursor(cursorText(last)) }) };
        [entries, characters] = [[], 0];
      }
      if (left > 0) last = rows.at(-1) ?? last;
      yield { entries, ...(limit !== Infinity && { after: afterCursor(cursorText(last)) }) };
    }
    return undefined;
  }

  private sortedList(
    request: ListDatasetsRequest,
    sort: readonly SortField[],
    shows: Filter,
    keys: WantedFields | undefined,
  ): Chunks {
    return this.sorted.chunks(
      request,
      async (offer, slices) => {
        for await (const rows of this.walk(BEFORE_ALL, slices)) {
          for (const { key, dataset_id: id, document } of rows.filter(shows)) {
            offer({ key, id, values: valuesOf(document, sort) });
          }
        }
      },
      (key) => {
        const row = this.selectRow.get(key);
        return row === undefined ? undefined : entryOf(rowOf(row), keys);
      },
    );
  }

  /** All datasets behind a cursor, in the order of their numbers; others get their turn in between. */
  private async *walk(start: Cursor, slices: Slices): AsyncGenerator<readonly DatasetRow[], void, void> {
    for (let last: Cursor | undefined = start; last !== undefined;) {
      const rows: readonly DatasetRow[] = this.selectPage.all(last.dataset, last.dataset_id).map(rowOf);
      if (rows.length > 0) yield rows;
      if (slices.spent) await slices.pause();
      last = rows.at(-1);
    }
  }

  /** `{status: [dataset_id, ...]}` of what the caller may read, in the order of the vocabulary. */
  summary(caller: Caller): string {
    const ids = DATASET_STATUSES.map((): string[] => []);
    for (const each of this.selectStatuses.iterate()) {
      const row = each as Pick<DatasetRow, 'status' | 'dataset_id'>;
      if (this.rules.authorize(row.dataset_id, 'read', caller) === undefined) ids[row.status]?.push(row.dataset_id);
    }
    return JSON.stringify(
      Object.fromEntries(
        DATASET_STATUSES.flatMap((status, place) => {
          const inStatus = ids[place] ?? [];
          return inStatus.length === 0 ? [] : [[status, inStatus]];
        }),
      ),
    );
  }
}
