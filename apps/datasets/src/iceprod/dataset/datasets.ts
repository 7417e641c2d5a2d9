import type { DatabaseSync, SQLOutputValue } from 'node:sqlite';
import { DomainError } from '#platform/domain-error.js';
import { ref } from '#ledger/ref.js';
import type { Caller } from '#bus/contract.js';
import type { ListDatasetsRequest } from '#contracts/iceprod/datasets.js';
import { projectKeys, type WantedFields, wantedFields } from '#contracts/iceprod/keys.js';
import { afterPlace, DATASET_SORT_FIELDS, type ListPage, type SortField } from '#contracts/iceprod/lists.js';
import { DATASET_STATUSES, type DatasetStatus } from '#contracts/iceprod/statuses.js';
import type { AccessRules } from '#event-sourcing/access-rules.js';
import { cursorAt, progressOf } from '#event-sourcing/list-progress.js';
import { PageBuilder } from '#event-sourcing/page-builder.js';
import { sortableValue, SortedLists } from '#event-sourcing/sorted-lists.js';
import { type Dataset, isDatasetStatus } from './dataset.js';
import type { StatusChange } from './dataset-projection.js';
import { TRUNCATED_WORD } from './status-machine.js';

/** Datasets looked at for one page of a list, or between two looks at the clock. */
const PAGE_DATASETS_MAX = 500;

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

const filterOf = ({ statuses, groups, users, changed_since: since }: ListDatasetsRequest): Filter | DomainError => {
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
  if (since !== undefined) filters.push(({ touched }) => touched >= since);
  return (row) => filters.every((filter) => filter(row));
};

const valuesOf = (document: string, sort: readonly SortField[]): readonly unknown[] => {
  const dataset = JSON.parse(document) as Dataset;
  return sort.map(({ field }) => {
    const known = DATASET_SORT_FIELDS.find((name) => name === field);
    return known === undefined ? undefined : sortableValue(dataset[known]);
  });
};

/** A place in the order of creation: numbers are given once and never change. */
interface Place {
  readonly dataset: number;
  readonly dataset_id: string;
}
const BEFORE_ALL: Place = { dataset: Number.MIN_SAFE_INTEGER, dataset_id: '' };

const placeText = ({ dataset, dataset_id: id }: Place): string => `${dataset}/${id}`;
const isPlace = (text: string): boolean => /^-?\d{1,15}\/[^]*$/.test(text);

const readPlace = (text: string | undefined): Place => {
  if (text === undefined) return BEFORE_ALL;
  const at = text.indexOf('/');
  return { dataset: Number(text.slice(0, at)), dataset_id: text.slice(at + 1) };
};

/** Reads datasets through one connection: `queries` to answer, `writer` to decide. */
export class Datasets {
  private readonly selectOne;
  private readonly selectMoved;
  private readonly selectRow;
  private readonly selectNumber;
  private readonly selectPage;
  private readonly selectStatuses;
  private readonly sorted = new SortedLists();

  constructor(
    database: DatabaseSync,
    private readonly rules: AccessRules,
  ) {
    this.selectOne = database.prepare('SELECT document FROM dataset WHERE ref = ?');
    this.selectMoved = database.prepare('SELECT moved FROM dataset WHERE ref = ?');
    const select =
      'SELECT rowid AS key, dataset, dataset_id, status, truncated, owner_group, username, touched, document FROM dataset';
    this.selectRow = database.prepare(`${select} WHERE rowid = ?`);
    this.selectNumber = database.prepare(`${select} WHERE dataset = ? ORDER BY dataset_id`);
    this.selectPage = database.prepare(
      `${select} WHERE (dataset, dataset_id) > (?, ?) ORDER BY dataset, dataset_id LIMIT ${PAGE_DATASETS_MAX}`,
    );
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
  list(request: ListDatasetsRequest, caller: Caller): ListPage | DomainError | Promise<ListPage | DomainError> {
    const passes = filterOf(request);
    if (passes instanceof DomainError) return passes;
    const shows: Filter = (row) => passes(row) && this.rules.judge(row.dataset_id, 'read', caller) === undefined;
    const keys = wantedFields(request.keys, ['dataset_id']);
    const { dataset: number, sort = [] } = request;
    if (number !== undefined) {
      const rows = this.selectNumber.all(number).map(rowOf);
      return { entries: rows.filter(shows).map((row) => entryOf(row, keys)) };
    }
    return sort.length === 0 ? this.created(request, shows, keys) : this.sortedList(request, sort, shows, keys);
  }

  private created(request: ListDatasetsRequest, shows: Filter, keys: WantedFields | undefined): ListPage | DomainError {
    const progress = progressOf(request, isPlace);
    if (progress instanceof DomainError) return progress;
    let { left } = progress;
    let place = readPlace(progress.place);
    const page = new PageBuilder();
    let seen = 0;
    for (const each of this.selectPage.iterate(place.dataset, place.dataset_id)) {
      const row = rowOf(each);
      seen += 1;
      if (shows(row)) {
        if (left === 0) return { ...page.page(), after: afterPlace(placeText(place)) };
        page.add(entryOf(row, keys));
        left -= 1;
      }
      place = row;
      if (seen < PAGE_DATASETS_MAX && !page.isFull) continue;
      const at = placeText(place);
      return { ...page.page(cursorAt(left, at)), ...(left !== Infinity && { after: afterPlace(at) }) };
    }
    return page.page();
  }

  private sortedList(
    request: ListDatasetsRequest,
    sort: readonly SortField[],
    shows: Filter,
    keys: WantedFields | undefined,
  ): Promise<ListPage | DomainError> {
    return this.sorted.list(
      request,
      async (offer, slices) => {
        let last: DatasetRow | undefined;
        do {
          const { dataset, dataset_id: id }: Place = last ?? BEFORE_ALL;
          last = undefined;
          for (const each of this.selectPage.iterate(dataset, id)) {
            last = rowOf(each);
            if (shows(last)) offer({ key: last.key, id: last.dataset_id, values: valuesOf(last.document, sort) });
          }
          if (slices.spent) await slices.pause();
        } while (last !== undefined);
      },
      (key) => {
        const row = this.selectRow.get(key);
        return row === undefined ? undefined : entryOf(rowOf(row), keys);
      },
    );
  }

  /** `{status: [dataset_id, ...]}` of what the caller may read, in the order of the vocabulary. */
  summary(caller: Caller): string {
    const ids = DATASET_STATUSES.map((): string[] => []);
    for (const each of this.selectStatuses.iterate()) {
      const row = each as Pick<DatasetRow, 'status' | 'dataset_id'>;
      if (this.rules.judge(row.dataset_id, 'read', caller) === undefined) ids[row.status]?.push(row.dataset_id);
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
