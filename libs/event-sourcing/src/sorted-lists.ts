import { randomUUID } from 'node:crypto';
import { DomainError } from '#platform/domain-error.js';
import {
  afterSorted,
  type ListOptions,
  type ListPage,
  readAfterSorted,
  type SortedPlace,
  type SortField,
} from '#contracts/iceprod/lists.js';
import { PageBuilder } from './page-builder.js';
import { Slices } from './slices.js';
import { sorting } from './sort-in-slices.js';

/** Entries of all sorted lists together that may wait for their next page at a time: 32 MiB. */
const WAITING_ENTRIES_MAX = 4_000_000;

/** Entries of all lists together that may be gathered at a time, each with its values: some 200 MiB. */
const GATHERED_ENTRIES_MAX = 1_000_000;

/** Who has asked for no page of a list for so long is gone. */
const IDLE_MS_MAX = 2 * 60 * 1000;

/** Entries rendered between two looks at the clock. */
const RENDER_SLICE = 100;

/** So much of a text counts when it is sorted: what says where a list goes on holds it, and travels in a URL. */
const SORTED_CHARACTERS_MAX = 256;

/** What a document is sorted by, such as may travel. */
export const sortableValue = (value: unknown): unknown =>
  typeof value === 'string' ? value.slice(0, SORTED_CHARACTERS_MAX) : value;

/** What is missing comes first, then numbers, then texts, then the rest. */
const rankOf = (value: unknown): number => {
  if (value === undefined || value === null) return 0;
  if (typeof value === 'number') return 1;
  return typeof value === 'string' ? 2 : 3;
};

const compareValues = (a: unknown, b: unknown): number => {
  const [rankA, rankB] = [rankOf(a), rankOf(b)];
  if (rankA !== rankB) return rankA - rankB;
  if (typeof a === 'number' && typeof b === 'number') return a - b;
  const [textA, textB] = [a, b].map((value) => (typeof value === 'string' ? value : JSON.stringify(value) || ''));
  return (textA ?? '') < (textB ?? '') ? -1 : textA === textB ? 0 : 1;
};

/** Orders by the fields one after the other; what is equal in all of them, by id, which begins with its time. */
const comparing =
  (sort: readonly SortField[]) =>
  (a: SortedPlace, b: SortedPlace): number => {
    for (const [at, { descending }] of sort.entries()) {
      const order = compareValues(a.values[at], b.values[at]);
      if (order !== 0) return descending ? -order : order;
    }
    return a.id < b.id ? -1 : a.id > b.id ? 1 : 0;
  };

/** What a sorted list is made of. */
interface Keyed extends SortedPlace {
  readonly key: number;
}

/** Finds the first of many in an order, behind a place in it. Never holds more than twice as many as are wanted. */
class Foremost {
  private readonly compare: (a: SortedPlace, b: SortedPlace) => number;
  private found: Keyed[] = [];
  private worst: Keyed | undefined;

  constructor(
    sort: readonly SortField[],
    private readonly most: number,
    private readonly behind: SortedPlace | undefined,
  ) {
    this.compare = comparing(sort);
  }

  get size(): number {
    return this.found.length;
  }

  offer(item: Keyed): void {
    if (this.behind !== undefined && this.compare(item, this.behind) <= 0) return;
    if (this.worst !== undefined && this.compare(item, this.worst) > 0) return;
    this.found.push(item);
    if (this.found.length < this.most * 2) return;
    this.found = this.found.sort(this.compare).slice(0, this.most);
    this.worst = this.found.at(-1);
  }

  async inOrder(slices: Slices): Promise<readonly Keyed[]> {
    return (await slices.drive(sorting(this.found, this.compare))).slice(0, this.most);
  }
}

/** What a sorted list holds, by keys: it is rendered page by page. */
interface SortedList {
  readonly keys: Float64Array;
  /** Where a limited list goes on behind one of its entries; nothing when nothing follows. */
  readonly afterAt?: (at: number) => string | undefined;
}

/** Offers everything that a list may hold; pauses when slices are spent. */
type Gather = (offer: (item: Keyed) => void, slices: Slices) => Promise<void>;

/** The list of what was {@link Foremost} of `limit + 1`: the last one only shows that the list goes on. */
const limitedList = (sort: readonly SortField[], limit: number | undefined, found: readonly Keyed[]): SortedList => {
  if (limit === undefined) return { keys: Float64Array.from(found, ({ key }) => key) };
  const shown = found.slice(0, limit);
  return {
    keys: Float64Array.from(shown, ({ key }) => key),
    afterAt: (at) => {
      const place = at + 1 < found.length ? shown[at] : undefined;
      return place === undefined ? undefined : afterSorted(sort, place);
    },
  };
};

const tooMany = (): DomainError => new DomainError('unavailable', 'lists.too-many', 'server overloaded');

interface Waiting {
  readonly list: SortedList;
  readonly sinceMs: number;
}

/**
 * Answers sorted lists page by page. They are sorted once, for the first page, and wait until the others are asked for. A list
 * that somebody reads is never dropped for another: the other is refused before its answer has begun.
 */
export class SortedLists {
  private readonly waiting = new Map<string, Waiting>();
  private entries = 0;
  private gathered = 0;

  constructor(
    private readonly entriesMax = WAITING_ENTRIES_MAX,
    private readonly nowMs: () => number = Date.now,
    private readonly gatheredMax = GATHERED_ENTRIES_MAX,
  ) {}

  /**
   * A page of a list that a client may have limited, or go on with behind an earlier answer.
   *
   * @param render an entry; nothing for what is gone meanwhile
   */
  async list(
    { sort = [], limit, after, cursor }: ListOptions,
    gather: Gather,
    render: (key: number) => string | undefined,
  ): Promise<ListPage | DomainError> {
    const behind = after === undefined ? undefined : readAfterSorted(after, sort);
    if (behind instanceof DomainError) return behind;
    const sorted = async (slices: Slices): Promise<SortedList> => {
      const foremost = new Foremost(sort, limit === undefined ? Infinity : limit + 1, behind);
      try {
        await gather((item) => this.offer(foremost, item), slices);
        return limitedList(sort, limit, await foremost.inOrder(slices));
      } finally {
        this.gathered -= foremost.size;
      }
    };
    try {
      return await this.page(cursor, sorted, render);
    } catch (error) {
      if (error instanceof DomainError) return error;
      throw error;
    }
  }

  /** @throws DomainError when several lists hold too much together; one on its own may hold all there is */
  private offer(foremost: Foremost, item: Keyed): void {
    const before = foremost.size;
    foremost.offer(item);
    this.gathered += foremost.size - before;
    if (this.gathered > this.gatheredMax && this.gathered > foremost.size) throw tooMany();
  }

  private async page(
    cursor: string | undefined,
    sort: (slices: Slices) => Promise<SortedList>,
    render: (key: number) => string | undefined,
  ): Promise<ListPage | DomainError> {
    const slices = new Slices();
    const [token = randomUUID(), from = '0'] = cursor?.split(':') ?? [];
    const list = cursor === undefined ? await sort(slices) : this.waiting.get(token)?.list;
    if (list === undefined) return new DomainError('unavailable', 'list.gone', 'The sorted list is gone, ask again');
    const { keys } = list;
    const page = new PageBuilder();
    for (let at = Number(from); at < keys.length; at += 1) {
      const entry = render(keys[at] ?? -1);
      if (entry !== undefined) page.add(entry);
      if (at % RENDER_SLICE === 0 && slices.spent) await slices.pause();
      if (!page.isFull || at + 1 === keys.length) continue;
      if (!this.keep(token, list)) return tooMany();
      return pageUpTo(page.page(`${token}:${at + 1}`), list, at);
    }
    this.drop(token);
    return pageUpTo(page.page(), list, keys.length - 1);
  }

  /** Whether there is room for it; for a list on its own there always is. */
  private keep(token: string, list: SortedList): boolean {
    this.drop(token);
    this.dropIdle();
    if (this.waiting.size > 0 && this.entries + list.keys.length > this.entriesMax) return false;
    this.waiting.set(token, { list, sinceMs: this.nowMs() });
    this.entries += list.keys.length;
    return true;
  }

  private drop(token: string): void {
    this.entries -= this.waiting.get(token)?.list.keys.length ?? 0;
    this.waiting.delete(token);
  }

  /** The longest idle come first: each page puts its list at the end. */
  private dropIdle(): void {
    for (const [token, { sinceMs }] of this.waiting) {
      if (this.nowMs() - sinceMs < IDLE_MS_MAX) return;
      this.drop(token);
    }
  }
}

const pageUpTo = (page: ListPage, { afterAt }: SortedList, at: number): ListPage => {
  const after = afterAt?.(at);
  return after === undefined ? page : { ...page, after };
};
