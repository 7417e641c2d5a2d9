import { DomainError } from '#platform/domain-error.js';
import { afterSorted, type ListOptions, readAfterSorted, type SortedCursor, type SortField } from '#contracts/lists.js';
import { CHUNK_CHARACTERS_MAX, type Chunks } from './paged-answers.js';
import { Slices } from './slices.js';
import { sorting } from './sort-in-slices.js';

/** Entries of all sorted lists together that may be read at a time: 32 MiB. */
const READ_ENTRIES_MAX = 4_000_000;

/** Entries of all lists together that may be gathered at a time, each with its values: some 200 MiB. */
const GATHERED_ENTRIES_MAX = 1_000_000;

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
  (a: SortedCursor, b: SortedCursor): number => {
    for (const [at, { descending }] of sort.entries()) {
      const order = compareValues(a.values[at], b.values[at]);
      if (order !== 0) return descending ? -order : order;
    }
    return a.id < b.id ? -1 : a.id > b.id ? 1 : 0;
  };

/** What a sorted list is made of. */
interface Keyed extends SortedCursor {
  readonly key: number;
}

/** Finds the first of many in an order, behind a cursor. Never holds more than twice as many as are wanted. */
class Foremost {
  private readonly compare: (a: SortedCursor, b: SortedCursor) => number;
  private found: Keyed[] = [];
  private worst: Keyed | undefined;

  constructor(
    sort: readonly SortField[],
    private readonly most: number,
    private readonly behind: SortedCursor | undefined,
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
      const cursor = at + 1 < found.length ? shown[at] : undefined;
      return cursor === undefined ? undefined : afterSorted(sort, cursor);
    },
  };
};

const tooMany = (): DomainError => new DomainError('unavailable', 'lists.too-many', 'server overloaded');

/**
 * Sorted lists, chunk by chunk. They are sorted once, when they begin. A list that somebody reads is never dropped for another:
 * the other is refused before its answer has begun.
 */
export class SortedLists {
  private read = 0;
  private gathered = 0;

  constructor(
    private readonly readMax = READ_ENTRIES_MAX,
    private readonly gatheredMax = GATHERED_ENTRIES_MAX,
  ) {}

  /**
   * A list that a client may have limited, or continue behind an earlier answer.
   *
   * @param render an entry
   * @throws DomainError when `after` is of another list, or several lists hold too much together
   */
  async *chunks(
    { sort = [], limit, after }: ListOptions,
    gather: Gather,
    render: (key: number) => string | undefined,
  ): Chunks {
    const slices = new Slices();
    const { keys, afterAt } = await this.sorted(sort, limit, after, gather, slices);
    if (this.read > 0 && this.read + keys.length > this.readMax) throw tooMany();
    this.read += keys.length;
    try {
      let entries: string[] = [];
      let characters = 0;
      for (const [at, key] of keys.entries()) {
        const entry = render(key);
        if (entry !== undefined) entries.push(entry);
        characters += entry?.length ?? 0;
        if (entries.length < RENDER_SLICE && characters < CHUNK_CHARACTERS_MAX) continue;
        yield { entries, after: afterAt?.(at) };
        [entries, characters] = [[], 0];
        if (slices.spent) await slices.pause();
      }
      yield { entries, after: afterAt?.(keys.length - 1) };
      return afterAt?.(keys.length - 1);
    } finally {
      this.read -= keys.length;
    }
  }

  private async sorted(
    sort: readonly SortField[],
    limit: number | undefined,
    after: string | undefined,
    gather: Gather,
    slices: Slices,
  ): Promise<SortedList> {
    const behind = after === undefined ? undefined : readAfterSorted(after, sort);
    if (behind instanceof DomainError) throw behind;
    const foremost = new Foremost(sort, limit === undefined ? Infinity : limit + 1, behind);
    try {
      await gather((item) => this.offer(foremost, item), slices);
      return limitedList(sort, limit, await foremost.inOrder(slices));
    } finally {
      this.gathered -= foremost.size;
    }
  }

  /** @throws DomainError when several lists hold too much together; one on its own may hold all there is */
  private offer(foremost: Foremost, item: Keyed): void {
    const before = foremost.size;
    foremost.offer(item);
    this.gathered += foremost.size - before;
    if (this.gathered > this.gatheredMax && this.gathered > foremost.size) throw tooMany();
  }
}
