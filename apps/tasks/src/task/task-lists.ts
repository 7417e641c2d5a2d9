import type { Page } from '#bus/contract.js';
import { wantedFields } from '#contracts/iceprod/keys.js';
import type { ListTasksRequest } from '#contracts/iceprod/tasks.js';
import { membersOf } from '#contracts/raw-json.js';
import { Slices } from '#projection/slices.js';
import { listingOf, type UnitReader, type UnitRow } from '../engine/unit-row.js';
import type { WordId, Words } from '../engine/words.js';
import { pickTask } from './document.js';
import { PageBuilder } from './page.js';
import { type Narrowing, type Place, placeText, readPlace, UnitScan } from './unit-scan.js';

type Matches = (row: UnitRow) => boolean;

const EMPTY: Page = { entries: [] };

/** Ids of words that exist; a filter of none of them matches nothing. */
const idsOf = (words: Words, wanted: readonly string[]): WordId[] =>
  wanted.flatMap((word) => {
    const id = words.find(word);
    return id === undefined ? [] : [id];
  });

/** Documents of a dataset's tasks (`GET /datasets/{dataset_id}/tasks` and task summaries), page by page. */
export class TaskLists {
  private readonly scan: UnitScan;

  constructor(private readonly reader: UnitReader) {
    this.scan = new UnitScan(reader.database);
  }

  /** Entries are `"<task_id>":{...}` texts in order of creation. */
  async list(request: ListTasksRequest): Promise<Page> {
    const workload = this.reader.workloads.idOfDataset(request.dataset_id);
    const filter = this.filterOf(request);
    if (workload === undefined || filter === undefined) return EMPTY;
    const wanted = wantedFields(request.keys, ['task_id']);
    return this.walk(workload, filter.narrowing, readPlace(request.cursor), (row, page) => {
      if (!filter.matches(row)) return;
      page.add(`${JSON.stringify(row.id)}:${pickTask(this.reader.unitOf(row), wanted)}`);
    });
  }

  /**
   * Ids by status, statuses in the given order; entries are pieces `[status, [id, ...]]`. A page holds one status.
   *
   * @param present statuses that have tasks
   */
  async summarize(datasetId: string, present: readonly string[], cursor: string | undefined): Promise<Page> {
    const workload = this.reader.workloads.idOfDataset(datasetId);
    const [word = present[0], text] = cursor === undefined ? [] : (JSON.parse(cursor) as [string, string]);
    const status = word === undefined ? undefined : this.reader.words.status.find(word);
    if (workload === undefined || word === undefined || status === undefined) return EMPTY;
    const page = await this.walk(workload, { statuses: [status] }, readPlace(text), (row, ids) => {
      if (row.status === status) ids.add(JSON.stringify(row.id));
    });
    const entries = page.entries.length === 0 ? [] : [`[${JSON.stringify(word)},[${page.entries.join(',')}]]`];
    if (page.next !== undefined) return { entries, next: JSON.stringify([word, page.next]) };
    const following = present[present.indexOf(word) + 1];
    return following === undefined ? { entries } : { entries, next: JSON.stringify([following, '']) };
  }

  private async walk(
    workload: number,
    narrowing: Narrowing,
    start: Place,
    add: (row: UnitRow, page: PageBuilder) => void,
  ): Promise<Page> {
    const slices = new Slices();
    const page = new PageBuilder();
    let chunk = this.scan.chunk(workload, narrowing, start);
    while (chunk !== undefined) {
      for (const row of chunk.rows) if (listingOf(row) === workload) add(row, page);
      if (page.isFull) return page.page(placeText(chunk.last));
      if (slices.spent) await slices.pause();
      chunk = this.scan.chunk(workload, narrowing, chunk.last);
    }
    return page.page();
  }

  /** Nothing when no task can pass. */
  private filterOf(request: ListTasksRequest): { narrowing: Narrowing; matches: Matches } | undefined {
    const { words } = this.reader;
    const { job_index: jobIndex, job_id: jobId, grid_id: gridId } = request;
    const statuses = request.statuses && idsOf(words.status, request.statuses);
    const names = request.names && new Set(idsOf(words.name, request.names));
    const group = jobId === undefined ? undefined : words.group.find(jobId);
    if (statuses?.length === 0 || names?.size === 0 || (jobId !== undefined && group === undefined)) return undefined;
    const wantedStatuses = statuses && new Set(statuses);
    const matches: Matches = (row) =>
      (wantedStatuses?.has(row.status) ?? true) &&
      (names?.has(row.name) ?? true) &&
      (group === undefined || row.grp === group) &&
      (jobIndex === undefined || row.group_index === jobIndex) &&
      (gridId === undefined || hasGrid(row, gridId));
    const narrowing = { ...(group !== undefined && { group }), ...(statuses !== undefined && { statuses }) };
    return { narrowing, matches };
  }
}

/** Cairn records no grid of its own; a client may have set the field. */
const hasGrid = ({ extra }: UnitRow, gridId: string): boolean =>
  extra !== null && membersOf(extra).get('grid_id') === JSON.stringify(gridId);
