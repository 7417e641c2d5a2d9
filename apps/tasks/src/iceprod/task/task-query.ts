import type { DomainError } from '#platform/domain-error.js';
import { wantedFields } from '#contracts/iceprod/keys.js';
import type { SortField } from '#contracts/lists.js';
import type { QueryTasksRequest } from '#contracts/iceprod/tasks.js';
import { type Chunks, type PagedAnswers, type SnapshotPage, textPages } from '#event-sourcing/paged-answers.js';
import type { Row } from '#event-sourcing/array-statement.js';
import type { RowDocuments } from '#event-sourcing/row-documents.js';
import { Slices } from '#event-sourcing/slices.js';
import type { Snapshot, Snapshots } from '#event-sourcing/snapshots.js';
import { SortedLists } from '#event-sourcing/sorted-lists.js';
import { rowOf, UNIT_COLUMNS, type UnitReader } from '../../engine/unit-row.js';
import { COLUMNS_BEFORE, idIn, keyIn, unitsIn } from '../../engine/unit-scan.js';
import type { StatusId } from '../../engine/statuses.js';
import type { WordId } from '../../engine/words.js';
import { taskDocuments } from './document.js';
import { valuesOf } from './sorting.js';
import type { TaskCounts } from './task-counts.js';
import { ICEPROD } from '../streams.js';

/** Up to this many matches are found by status and sorted. With more, a walk in id order finds them soon enough. */
const LOOKED_UP_MAX = 50_000;

/** `GET /tasks`: tasks of all datasets, in order of creation or sorted. */
export class TaskQuery {
  private readonly answers: PagedAnswers;
  private readonly sorted = new SortedLists();

  /** @param reader resolves words, which never change. Units are read from snapshots. */
  constructor(
    private readonly reader: UnitReader,
    private readonly counts: TaskCounts,
    snapshots: Snapshots,
  ) {
    this.answers = textPages(snapshots);
  }

  query(request: QueryTasksRequest): Promise<SnapshotPage | DomainError> {
    return this.answers.page(request.cursor, (snapshot) => {
      const statuses = request.statuses && this.reader.words.status.findAll(ICEPROD, request.statuses);
      const { sort = [] } = request;
      const isWalked = sort.length === 0 && (statuses === undefined || this.counts.total(statuses) > LOOKED_UP_MAX);
      const documents = taskDocuments(this.reader, wantedFields(request.keys));
      if (isWalked) return this.walked(request, statuses && new Set(statuses), documents, snapshot);
      return this.sortedList(request, sort, statuses, documents, snapshot);
    });
  }

  /** Ids begin with their time, so that their order is that of creation. */
  private async *walked(
    { limit = 0, site }: QueryTasksRequest,
    statuses: ReadonlySet<WordId> | undefined,
    documents: RowDocuments,
    snapshot: Snapshot,
  ): Chunks {
    const slices = new Slices();
    const columns = ['status', 'site', ...documents.columns];
    const scan = unitsIn(snapshot);
    const dialect = this.reader.words.dialect.find(ICEPROD) ?? -1;
    let left = limit > 0 ? limit : Infinity;
    for (
      let rows = scan.behindId(dialect, columns, '');
      rows.length > 0;
      rows = scan.behindId(dialect, columns, idIn(rows.at(-1) ?? []))
    ) {
      const entries: string[] = [];
      for (const row of rows) {
        const [status, siteId] = row.slice(COLUMNS_BEFORE, COLUMNS_BEFORE + 2).map(Number);
        if (!(statuses?.has(status ?? -1) ?? true) || !this.isAtSite(siteId ?? -1, site)) continue;
        entries.push(documents.render(row, COLUMNS_BEFORE + 2));
        left -= 1;
        if (left === 0) break;
      }
      yield { entries };
      if (left === 0) return undefined;
      if (slices.spent) await slices.pause();
    }
    return undefined;
  }

  private sortedList(
    { limit = 0, site }: QueryTasksRequest,
    sort: readonly SortField[],
    statuses: readonly WordId[] | undefined,
    documents: RowDocuments,
    snapshot: Snapshot,
  ): Chunks {
    return this.sorted.chunks(
      { sort, ...(limit > 0 && { limit }) },
      async (offer, slices) => {
        const walked = statuses ?? this.reader.words.status.ofDialect(ICEPROD);
        for await (const rows of matching(snapshot, walked, slices)) {
          for (const row of rows.map(rowOf)) {
            if (!this.isAtSite(row.site, site)) continue;
            offer({ key: row.key, id: row.id, values: valuesOf(this.reader, row, sort) });
          }
        }
      },
      (key) => {
        const row = unitsIn(snapshot).byKey(documents.columns, key);
        return row === undefined ? undefined : documents.render(row, COLUMNS_BEFORE);
      },
    );
  }

  /** Compares the prefix exactly. */
  private isAtSite(site: WordId, prefix: string | undefined): boolean {
    return prefix === undefined || this.reader.words.site.wordOf(site).startsWith(prefix);
  }
}

/** Units of these statuses in no particular order. Other work can run in between. */
async function* matching(
  snapshot: Snapshot,
  statuses: readonly StatusId[],
  slices: Slices,
): AsyncGenerator<readonly Row[], void, void> {
  const scan = unitsIn(snapshot);
  for (const status of statuses) {
    const behind = (key: number): readonly Row[] => scan.behindKey(UNIT_COLUMNS, key, status);
    for (let rows = behind(-1); rows.length > 0; rows = behind(keyIn(rows.at(-1) ?? []))) {
      yield rows;
      if (slices.spent) await slices.pause();
    }
  }
}
