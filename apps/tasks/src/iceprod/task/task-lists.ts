import { DomainError } from '#platform/domain-error.js';
import type { Ledger } from '#ledger/ledger.js';
import { wantedFields } from '#contracts/iceprod/keys.js';
import { afterCursor, type SortField } from '#contracts/lists.js';
import type { ListTasksRequest } from '#contracts/iceprod/tasks.js';
import { membersOf } from '#contracts/raw-json.js';
import { refuseFuturePosition } from '#event-sourcing/changed-since.js';
import { type ListStart, listStart } from '#event-sourcing/list-start.js';
import { type Chunks, PagedAnswers, type SnapshotPage, textPages } from '#event-sourcing/paged-answers.js';
import type { Row } from '#event-sourcing/array-statement.js';
import type { RowDocuments } from '#event-sourcing/row-documents.js';
import { Slices } from '#event-sourcing/slices.js';
import type { Snapshot, Snapshots } from '#event-sourcing/snapshots.js';
import { SortedLists } from '#event-sourcing/sorted-lists.js';
import { rowOf, UNIT_COLUMNS, type UnitReader } from '../../engine/unit-row.js';
import {
  COLUMNS_BEFORE,
  homesOfMovedUnits,
  idIn,
  cursorAfterRow,
  type UnitFilter,
  type UnitQuery,
  type UnitRows,
  unitsIn,
} from '../../engine/unit-scan.js';
import { revisionsAt } from '../../workload/changes.js';
import { isCursor, cursorText, readCursor, LIST_START } from '../../workload/list-cursor.js';
import { taskDocuments } from './document.js';
import { valuesOf } from './sorting.js';
import { ICEPROD } from '../streams.js';
import { presentStatuses } from './task-counts.js';

/** The requested tasks of a dataset. Undefined when none can match. */
type Wanted = Pick<UnitQuery, 'workload' | 'filter'> | undefined;

/** Documents of a dataset's tasks (`GET /datasets/{dataset_id}/tasks` and task summaries), page by page. */
export class TaskLists {
  private readonly answers: PagedAnswers;
  private readonly sorted = new SortedLists();

  /** @param reader resolves words, which never change. Units are read from snapshots. */
  constructor(
    private readonly reader: UnitReader,
    private readonly ledger: Ledger,
    snapshots: Snapshots,
  ) {
    this.answers = textPages(snapshots);
  }

  /** Entries are `"<task_id>":{...}` texts in order of creation, or sorted. */
  async list(request: ListTasksRequest): Promise<SnapshotPage | DomainError> {
    const refusal = await refuseFuturePosition(this.ledger, request);
    if (refusal !== undefined) return refusal;
    return this.answers.page(request.cursor, (snapshot) => {
      const { sort = [] } = request;
      return sort.length === 0 ? this.created(request, snapshot) : this.sortedList(request, sort, snapshot);
    });
  }

  /** Ids by status, statuses in the order of the vocabulary; entries are chunks `[status, [id, ...]]`. */
  summarize(datasetId: string, cursor: string | undefined): Promise<SnapshotPage | DomainError> {
    return this.answers.page(cursor, (snapshot) => this.idsByStatus(datasetId, snapshot));
  }

  private async *idsByStatus(datasetId: string, snapshot: Snapshot): Chunks {
    const workload = this.reader.workloads.find(ICEPROD, datasetId);
    if (workload === undefined) return undefined;
    const slices = new Slices();
    for (const [status, word] of presentStatuses(snapshot.database, workload, this.reader.words)) {
      const query = { workload, filter: { statuses: [status] }, columns: [] };
      for await (const { rows } of unitsIn(snapshot).walk(query, LIST_START, slices)) {
        const ids = rows.map((row) => JSON.stringify(idIn(row)));
        if (ids.length > 0) yield { entries: [`[${JSON.stringify(word)},[${ids.join(',')}]]`] };
      }
    }
    return undefined;
  }

  private created(request: ListTasksRequest, snapshot: Snapshot): Chunks | DomainError {
    const start = listStart(request, isCursor);
    if (start instanceof DomainError) return start;
    const documents = taskDocuments(this.reader, wantedFields(request.keys, ['task_id']));
    const matches = gridFilter(request, documents.columns.length);
    return createdTasks(this.rows(request, start, documents.columns, snapshot), start, (row) =>
      matches(row) ? entryOf(documents, row) : undefined,
    );
  }

  private sortedList(request: ListTasksRequest, sort: readonly SortField[], snapshot: Snapshot): Chunks {
    const documents = taskDocuments(this.reader, wantedFields(request.keys, ['task_id']));
    const matches = gridFilter(request, UNIT_COLUMNS.length);
    return this.sorted.chunks(
      request,
      async (offer, slices) => {
        const wanted = await this.wantedOf(request, snapshot);
        if (wanted === undefined) return;
        const query = { ...wanted, columns: UNIT_COLUMNS };
        for await (const { rows } of unitsIn(snapshot).walk(query, LIST_START, slices)) {
          for (const each of rows) {
            if (!matches(each)) continue;
            const row = rowOf(each);
            offer({ key: row.key, id: row.id, values: valuesOf(this.reader, row, sort) });
          }
        }
      },
      (key) => {
        const row = unitsIn(snapshot).byKey(documents.columns, key);
        return row === undefined ? undefined : entryOf(documents, row);
      },
    );
  }

  private async *rows(
    request: ListTasksRequest,
    { cursor }: ListStart,
    columns: readonly string[],
    snapshot: Snapshot,
  ): AsyncGenerator<UnitRows, void, void> {
    const wanted = await this.wantedOf(request, snapshot);
    if (wanted === undefined) return;
    yield* unitsIn(snapshot).walk({ ...wanted, columns }, readCursor(cursor), new Slices());
  }

  private async wantedOf(request: ListTasksRequest, snapshot: Snapshot): Promise<Wanted> {
    const { words } = this.reader;
    const { job_index: groupIndex, job_id: jobId, changed_since: since } = request;
    const workload = this.reader.workloads.find(ICEPROD, request.dataset_id);
    const statuses = request.statuses && words.status.findAll(ICEPROD, request.statuses);
    const names = request.names && words.name.findAll(request.names);
    const group = jobId === undefined ? undefined : words.group.find(jobId);
    if (workload === undefined || statuses?.length === 0 || names?.length === 0) return undefined;
    if (jobId !== undefined && group === undefined) return undefined;
    const filter: UnitFilter = { group, statuses, names, groupIndex };
    if (since === undefined) return { workload, filter };
    if ('micros' in since) return { workload, filter: { ...filter, since: since.micros } };
    const sources = { ledger: this.ledger, workloads: this.reader.workloads };
    const behindRevisions = await revisionsAt(sources, snapshot, workload, homesOfMovedUnits, since.position);
    return { workload, filter: { ...filter, behindRevisions } };
  }
}

const entryOf = (documents: RowDocuments, row: Row): string =>
  `${JSON.stringify(idIn(row))}:${documents.render(row, COLUMNS_BEFORE)}`;

/** Tasks in order of creation. Changes of tasks do not affect the order, so that cursors stay valid. */
async function* createdTasks(
  walk: AsyncIterable<UnitRows>,
  { limit, cursor }: ListStart,
  entryOf: (row: Row) => string | undefined,
): Chunks {
  let left = limit;
  let behind = cursorText(readCursor(cursor));
  for await (const chunk of walk) {
    const entries: string[] = [];
    for (const row of chunk.rows) {
      const entry = entryOf(row);
      if (entry === undefined) continue;
      if (left === 0) {
        yield { entries };
        return afterCursor(behind);
      }
      entries.push(entry);
      left -= 1;
      if (left === 0) behind = cursorText(cursorAfterRow(chunk, row));
    }
    if (left > 0) behind = cursorText(chunk.last);
    yield { entries, ...(limit !== Infinity && { after: afterCursor(behind) }) };
  }
  return undefined;
}

/** Cairn does not set `grid_id` on tasks, but clients may. */
const gridFilter = ({ grid_id: gridId }: ListTasksRequest, columns: number): ((row: Row) => boolean) => {
  if (gridId === undefined) return () => true;
  const text = JSON.stringify(gridId);
  return (row) => {
    const extra = row[COLUMNS_BEFORE + columns - 1];
    return typeof extra === 'string' && membersOf(extra).get('grid_id') === text;
  };
};
