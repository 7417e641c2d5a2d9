import type { DatabaseSync, SQLOutputValue } from 'node:sqlite';
import { DomainError } from '#platform/domain-error.js';
import { ref } from '#ledger/ref.js';
import type { Caller, Page } from '#bus/contract.js';
import type { ListDatasetsRequest } from '#contracts/iceprod/datasets.js';
import { projectKeys, type WantedFields, wantedFields } from '#contracts/iceprod/keys.js';
import { DATASET_STATUSES, type DatasetStatus } from '#contracts/iceprod/statuses.js';
import type { AccessRules } from '#projection/access-rules.js';
import { type Dataset, isDatasetStatus } from './dataset.js';
import { TRUNCATED_WORD } from './status-machine.js';

/** Datasets looked at for one page of a list. */
const PAGE_DATASETS_MAX = 500;
/** A page ends early when its texts are this long together: descriptions may be long. */
const PAGE_CHARACTERS_MAX = 256 * 1024;

interface DatasetRow {
  readonly dataset: number;
  readonly dataset_id: string;
  readonly status: number;
  readonly truncated: number;
  readonly owner_group: string;
  readonly username: string;
  readonly document: string;
}

const rowOf = (row: Readonly<Record<string, SQLOutputValue>>): DatasetRow => ({
  dataset: Number(row['dataset']),
  dataset_id: String(row['dataset_id']),
  status: Number(row['status']),
  truncated: Number(row['truncated']),
  owner_group: String(row['owner_group']),
  username: String(row['username']),
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

const filterOf = ({ statuses, groups, users }: ListDatasetsRequest): Filter | DomainError => {
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
  return (row) => filters.every((filter) => filter(row));
};

interface Cursor {
  readonly dataset: number;
  readonly dataset_id: string;
}
const BEFORE_ALL: Cursor = { dataset: Number.MIN_SAFE_INTEGER, dataset_id: '' };

const cursorOf = (text: string | undefined): Cursor => (text === undefined ? BEFORE_ALL : (JSON.parse(text) as Cursor));

/** Reads datasets through one connection: `queries` to answer, `writer` to decide. */
export class Datasets {
  private readonly selectOne;
  private readonly selectNumber;
  private readonly selectPage;
  private readonly selectStatuses;

  constructor(
    database: DatabaseSync,
    private readonly rules: AccessRules,
  ) {
    this.selectOne = database.prepare('SELECT document FROM dataset WHERE ref = ?');
    const select = 'SELECT dataset, dataset_id, status, truncated, owner_group, username, document FROM dataset';
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

  dataset(datasetId: string): Dataset | undefined {
    const document = this.document(datasetId);
    return document === undefined ? undefined : (JSON.parse(document) as Dataset);
  }

  /** Documents in the order of their numbers; what the caller may not read is left out. */
  list(request: ListDatasetsRequest, caller: Caller): Page | DomainError {
    const passes = filterOf(request);
    if (passes instanceof DomainError) return passes;
    const wanted = wantedFields(request.keys, ['dataset_id']);
    const { dataset: number } = request;
    if (number !== undefined) {
      const rows = this.selectNumber.all(number).map(rowOf);
      const readable = rows.filter(
        (row) => passes(row) && this.rules.judge(row.dataset_id, 'read', caller) === undefined,
      );
      return { entries: readable.map((row) => entryOf(row, wanted)) };
    }
    const { dataset, dataset_id: after } = cursorOf(request.cursor);
    const entries: string[] = [];
    let characters = 0;
    let seen = 0;
    for (const each of this.selectPage.iterate(dataset, after)) {
      const row = rowOf(each);
      seen += 1;
      if (passes(row) && this.rules.judge(row.dataset_id, 'read', caller) === undefined) {
        const entry = entryOf(row, wanted);
        entries.push(entry);
        characters += entry.length;
      }
      if (seen === PAGE_DATASETS_MAX || characters > PAGE_CHARACTERS_MAX) {
        return { entries, next: JSON.stringify({ dataset: row.dataset, dataset_id: row.dataset_id }) };
      }
    }
    return { entries };
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
