import { DomainError } from '#platform/domain-error.js';
import type { Page } from '#bus/contract.js';
import { wantedFields } from '#contracts/iceprod/keys.js';
import { afterPlace, type ListPage, type SortField } from '#contracts/iceprod/lists.js';
import type { ListTasksRequest } from '#contracts/iceprod/tasks.js';
import { membersOf } from '#contracts/raw-json.js';
import { cursorAt, type ListProgress, progressOf, readCursor } from '#event-sourcing/list-progress.js';
import { PageBuilder } from '#event-sourcing/page-builder.js';
import { Slices } from '#event-sourcing/slices.js';
import { SortedLists } from '#event-sourcing/sorted-lists.js';
import { listingOf, type UnitReader, type UnitRow } from '../../engine/unit-row.js';
import type { Unit } from '../../engine/unit.js';
import { isPlace, type Place, placeText, readPlace, START_PLACE } from '../../workload/list-place.js';
import { pickTask } from './document.js';
import { valuesOf } from './sorting.js';
import { type Chunk, type Narrowing, placeOfUnit, UnitScan } from './unit-scan.js';

/** The tasks of a dataset that are asked for. */
interface Wanted {
  readonly workload: number;
  readonly narrowing: Narrowing;
  readonly matches: (row: UnitRow) => boolean;
}

const EMPTY: Page = { entries: [] };

const rendering = ({ keys }: ListTasksRequest): ((unit: Unit) => string) => {
  const wanted = wantedFields(keys, ['task_id']);
  return (unit) => `${JSON.stringify(unit.id)}:${pickTask(unit, wanted)}`;
};

/** Documents of a dataset's tasks (`GET /datasets/{dataset_id}/tasks` and task summaries), page by page. */
export class TaskLists {
  private readonly scan: UnitScan;
  private readonly sorted = new SortedLists();

  constructor(private readonly reader: UnitReader) {
    this.scan = new UnitScan(reader.database);
  }

  /** Entries are `"<task_id>":{...}` texts in order of creation, or sorted. */
  async list(request: ListTasksRequest): Promise<ListPage | DomainError> {
    if (request.sort !== undefined && request.sort.length > 0) return this.sortedList(request, request.sort);
    const progress = progressOf(request, isPlace);
    if (progress instanceof DomainError) return progress;
    const wanted = this.wantedOf(request);
    if (wanted === undefined) return EMPTY;
    const render = rendering(request);
    return this.created(wanted, progress, (row) => render(this.reader.unitOf(row)));
  }

  /**
   * Ids by status, statuses in the given order; entries are pieces `[status, [id, ...]]`. A page holds one status.
   *
   * @param present statuses that have tasks
   */
  async summarize(datasetId: string, present: readonly string[], cursor: string | undefined): Promise<Page> {
    const workload = this.reader.workloads.idOfDataset(datasetId);
    const [word = present[0], at] = cursor === undefined ? [] : (JSON.parse(cursor) as [string, string?]);
    const status = word === undefined ? undefined : this.reader.words.status.find(word);
    if (workload === undefined || word === undefined || status === undefined) return EMPTY;
    const matches = (row: UnitRow): boolean => row.status === status && listingOf(row) === workload;
    const ofStatus = { workload, narrowing: { statuses: [status] }, matches };
    const page = await this.created(ofStatus, readCursor(at), ({ id }) => JSON.stringify(id));
    const entries = page.entries.length === 0 ? [] : [`[${JSON.stringify(word)},[${page.entries.join(',')}]]`];
    if (page.next !== undefined) return { entries, next: JSON.stringify([word, page.next]) };
    const following = present[present.indexOf(word) + 1];
    return following === undefined ? { entries } : { entries, next: JSON.stringify([following]) };
  }

  private sortedList(request: ListTasksRequest, sort: readonly SortField[]): Promise<ListPage | DomainError> {
    const wanted = this.wantedOf(request);
    const render = rendering(request);
    return this.sorted.list(
      request,
      async (offer, slices) => {
        if (wanted === undefined) return;
        for await (const { rows } of this.chunks(wanted, START_PLACE, slices)) {
          for (const row of rows) {
            if (wanted.matches(row)) offer({ key: row.key, id: row.id, values: valuesOf(this.reader, row, sort) });
          }
        }
      },
      (key) => {
        const stored = this.reader.byKey(key);
        return stored === undefined ? undefined : render(stored.unit);
      },
    );
  }

  /** In order of creation, which no change of a task touches: a place in it stays where it is. */
  private async created(
    wanted: Wanted,
    { left: most, place }: ListProgress,
    render: (row: UnitRow) => string,
  ): Promise<ListPage> {
    const page = new PageBuilder();
    let left = most;
    let start = readPlace(place);
    for await (const { rows, last } of this.chunks(wanted, start, new Slices())) {
      let before: UnitRow | undefined;
      for (const row of rows) {
        if (wanted.matches(row)) {
          if (left === 0) return { ...page.page(), after: afterPlace(placeText(before ? placeOfUnit(before) : start)) };
          page.add(render(row));
          left -= 1;
        }
        before = row;
      }
      start = last;
      if (!page.isFull) continue;
      const at = placeText(last);
      return { ...page.page(cursorAt(left, at)), ...(most !== Infinity && { after: afterPlace(at) }) };
    }
    return page.page();
  }

  /** Chunk by chunk; others get their turn in between. */
  private async *chunks(
    { workload, narrowing }: Wanted,
    start: Place,
    slices: Slices,
  ): AsyncGenerator<Chunk, void, void> {
    let chunk = this.scan.chunk(workload, narrowing, start);
    while (chunk !== undefined) {
      yield chunk;
      if (slices.spent) await slices.pause();
      chunk = this.scan.chunk(workload, narrowing, chunk.last);
    }
  }

  /** Nothing when no task can pass. */
  private wantedOf(request: ListTasksRequest): Wanted | undefined {
    const { words } = this.reader;
    const { job_index: jobIndex, job_id: jobId, grid_id: gridId, changed_since: since } = request;
    const workload = this.reader.workloads.idOfDataset(request.dataset_id);
    const statuses = request.statuses && words.status.findAll(request.statuses);
    const names = request.names && new Set(words.name.findAll(request.names));
    const group = jobId === undefined ? undefined : words.group.find(jobId);
    if (workload === undefined || statuses?.length === 0 || names?.size === 0) return undefined;
    if (jobId !== undefined && group === undefined) return undefined;
    const wantedStatuses = statuses && new Set(statuses);
    const matches = (row: UnitRow): boolean =>
      listingOf(row) === workload &&
      (wantedStatuses?.has(row.status) ?? true) &&
      (names?.has(row.name) ?? true) &&
      (group === undefined || row.grp === group) &&
      (jobIndex === undefined || row.group_index === jobIndex) &&
      (gridId === undefined || hasGrid(row, gridId)) &&
      (since === undefined || row.touched >= since);
    const narrowing = {
      ...(group !== undefined && { group }),
      ...(statuses !== undefined && { statuses }),
      ...(jobIndex !== undefined && { groupIndex: jobIndex }),
      ...(since !== undefined && { since }),
    };
    return { workload, narrowing, matches };
  }
}

/** Cairn records no grid of its own; a client may have set the field. */
const hasGrid = ({ extra }: UnitRow, gridId: string): boolean =>
  extra !== null && membersOf(extra).get('grid_id') === JSON.stringify(gridId);
