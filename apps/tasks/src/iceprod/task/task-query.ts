import type { DomainError } from '#platform/domain-error.js';
import type { Page } from '#bus/contract.js';
import { type WantedFields, wantedFields } from '#contracts/iceprod/keys.js';
import type { SortField } from '#contracts/iceprod/lists.js';
import type { QueryTasksRequest } from '#contracts/iceprod/tasks.js';
import { PageBuilder } from '#event-sourcing/page-builder.js';
import { Slices } from '#event-sourcing/slices.js';
import { SortedLists } from '#event-sourcing/sorted-lists.js';
import type { UnitReader, UnitRow } from '../../engine/unit-row.js';
import type { WordId } from '../../engine/words.js';
import { pickTask } from './document.js';
import { valuesOf } from './sorting.js';
import type { TaskCounts } from './task-counts.js';
import { UnitScan } from './unit-scan.js';

/** Up to that many matches are looked up by their status and put in order; more are met often enough on the way. */
const LOOKED_UP_MAX = 50_000;

/** How many tasks are still wanted, and behind which id. */
const WALKED_CURSOR = /^\d+:/;

interface Progress {
  readonly left: number;
  readonly afterId: string;
}

const NO_LIMIT = Number.MAX_SAFE_INTEGER;

const readProgress = ({ cursor, limit = 0 }: QueryTasksRequest): Progress => {
  if (cursor === undefined) return { left: limit > 0 ? limit : NO_LIMIT, afterId: '' };
  const at = cursor.indexOf(':');
  return { left: Number(cursor.slice(0, at)), afterId: cursor.slice(at + 1) };
};

/** `GET /tasks`: tasks of all datasets, in order of creation or sorted. */
export class TaskQuery {
  private readonly scan: UnitScan;
  private readonly sorted = new SortedLists();

  constructor(
    private readonly reader: UnitReader,
    private readonly counts: TaskCounts,
  ) {
    this.scan = new UnitScan(reader.database);
  }

  async query(request: QueryTasksRequest): Promise<Page | DomainError> {
    const { words } = this.reader;
    const wanted = wantedFields(request.keys);
    const statuses = request.statuses && words.status.findAll(request.statuses);
    const { sort = [] } = request;
    // A list goes on as it began, though meanwhile more or fewer tasks match.
    const isWalked =
      request.cursor === undefined
        ? sort.length === 0 && (statuses === undefined || this.counts.total(statuses) > LOOKED_UP_MAX)
        : WALKED_CURSOR.test(request.cursor);
    if (isWalked) return this.walked(request, statuses && new Set(statuses), wanted);
    return this.sortedList(request, sort, statuses, wanted);
  }

  /** Ids begin with their time, so that their order is that of creation. */
  private async walked(
    request: QueryTasksRequest,
    statuses: ReadonlySet<WordId> | undefined,
    wanted: WantedFields | undefined,
  ): Promise<Page> {
    const slices = new Slices();
    const page = new PageBuilder();
    let { left, afterId } = readProgress(request);
    for (let rows = this.scan.behindId(afterId); rows.length > 0; rows = this.scan.behindId(afterId)) {
      for (const row of rows) {
        afterId = row.id;
        if (!(statuses?.has(row.status) ?? true) || !this.isAtSite(row, request.site)) continue;
        page.add(this.render(row, wanted));
        left -= 1;
        if (left === 0) return page.page();
        if (page.isFull) return page.page(`${left}:${afterId}`);
      }
      if (page.isFull) return page.page(`${left}:${afterId}`);
      if (slices.spent) await slices.pause();
    }
    return page.page();
  }

  private sortedList(
    { cursor, limit = 0, site }: QueryTasksRequest,
    sort: readonly SortField[],
    statuses: readonly WordId[] | undefined,
    wanted: WantedFields | undefined,
  ): Promise<Page | DomainError> {
    return this.sorted.list(
      { sort, ...(limit > 0 && { limit }), ...(cursor !== undefined && { cursor }) },
      async (offer, slices) => {
        for await (const rows of this.matching(statuses, site, slices)) {
          for (const row of rows) offer({ key: row.key, id: row.id, values: valuesOf(this.reader, row, sort) });
        }
      },
      (key) => {
        const stored = this.reader.byKey(key);
        return stored === undefined ? undefined : pickTask(stored.unit, wanted);
      },
    );
  }

  /** Chunk by chunk; others get their turn in between. */
  private async *matching(
    statuses: readonly WordId[] | undefined,
    site: string | undefined,
    slices: Slices,
  ): AsyncGenerator<readonly UnitRow[], void, void> {
    for (const status of statuses ?? [undefined]) {
      let key = -1;
      const read = () => (status === undefined ? this.scan.behindKey(key) : this.scan.ofStatus(status, key));
      for (let rows = read(); rows.length > 0; rows = read()) {
        key = rows.at(-1)?.key ?? key;
        yield site === undefined ? rows : rows.filter((row) => this.isAtSite(row, site));
        if (slices.spent) await slices.pause();
      }
    }
  }

  /** A prefix, to the letter. */
  private isAtSite(row: UnitRow, prefix: string | undefined): boolean {
    return prefix === undefined || this.reader.words.site.wordOf(row.site).startsWith(prefix);
  }

  private render(row: UnitRow, wanted: WantedFields | undefined): string {
    return pickTask(this.reader.unitOf(row), wanted);
  }
}
