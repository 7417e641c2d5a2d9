import { DomainError } from '#platform/domain-error.js';
import { membersOf } from '#contracts/raw-json.js';
import type { Filters, Paging, TorcListPage } from '#contracts/torc/documents.js';
import {
  CHUNK_CHARACTERS_MAX,
  type Chunk,
  type Chunks,
  type PagedAnswers,
  textPages,
} from '#event-sourcing/paged-answers.js';
import { Slices } from '#event-sourcing/slices.js';
import type { Snapshot, Snapshots } from '#event-sourcing/snapshots.js';
import { sorting } from '#event-sourcing/sort-in-slices.js';
import type { PageStart } from './document/block-counts.js';
import { matcher } from './document/filters.js';
import { compareValues } from './document/sorting.js';

/** Entries read at a time. */
const READ = 100;
/** Ordinals read at a time from an index. */
const ORDINALS_READ = 2_000;

/** An entry of a list: its place in the order of creation, and its document as clients get it. */
export interface ListEntry {
  readonly ordinal: number;
  readonly text: string;
}

/** What a list is made of, as one snapshot shows it. */
export interface ListSource {
  /** All entries. */
  readonly total: number;
  /** Where the list goes on behind its first entries. */
  startOf(skip: number): PageStart;
  /** Entries in order of creation: none only at the end, fewer than `limit` also when they are large. */
  after(ordinal: number, limit: number, skip: number): readonly ListEntry[];
  at(ordinal: number): ListEntry | undefined;
  /** Serves one of the filters by an index; undefined when there is none for any of them. */
  indexed?(filters: Filters): IndexedFilter | undefined;
}

/** A filter that an index serves. */
export interface IndexedFilter {
  /** The other filters. */
  readonly rest: Filters;
  /** How many entries match this one, where it is known without counting. */
  readonly total?: number;
  /** Ordinals of the entries that match this one, in order of creation. */
  after(ordinal: number, limit: number): readonly number[];
}

/** What an answer shows of an entry: its document, or its rows in a join. */
type TextsOf = (entry: ListEntry) => readonly string[];

const itself: TextsOf = ({ text }) => [text];

/** Entries that are found by something else than their fields. */
export interface SelectedEntries {
  /** Their ordinals, in the order of the list. Yields where a slice of work may end. */
  select(): Generator<void, readonly number[], void>;
  textAt(ordinal: number): string | undefined;
}

/** What a client may ask of a list (Torc contract 1.6). */
interface ListRequest extends Paging {
  readonly filters?: Filters;
  readonly sort_by?: string;
  readonly reverse_sort?: boolean;
  readonly cursor?: string;
}

/** Collects the entries of an answer into chunks. */
class ChunkBuilder {
  private entries: string[] = [];
  private characters = 0;

  add(text: string): void {
    this.entries.push(text);
    this.characters += text.length;
  }

  get isFull(): boolean {
    return this.characters >= CHUNK_CHARACTERS_MAX;
  }

  take(): Chunk {
    const { entries } = this;
    [this.entries, this.characters] = [[], 0];
    return { entries };
  }
}

/** Entries in order of creation, however deep the page: those before it are not read. */
async function* created(source: ListSource, { skip, limit }: Paging, textsOf: TextsOf): Chunks {
  const slices = new Slices();
  const builder = new ChunkBuilder();
  let { after, skip: skipped } = source.startOf(skip);
  let left = limit;
  while (left > 0) {
    const read = source.after(after, Math.min(READ, left), skipped);
    for (const entry of read) {
      after = entry.ordinal;
      for (const text of textsOf(entry)) builder.add(text);
      if (builder.isFull) yield builder.take();
    }
    if (read.length === 0) break;
    left -= read.length;
    skipped = 0;
    if (slices.spent) {
      yield builder.take();
      await slices.pause();
    }
  }
  yield builder.take();
  return undefined;
}

async function* rendered(ordinals: readonly number[], textsAt: (ordinal: number) => readonly string[]): Chunks {
  const slices = new Slices();
  const builder = new ChunkBuilder();
  for (const ordinal of ordinals) {
    for (const text of textsAt(ordinal)) builder.add(text);
    if (builder.isFull) yield builder.take();
    if (slices.spent) await slices.pause();
  }
  yield builder.take();
  return undefined;
}

/** Finds the entries that match filters, in order of creation. */
function* matching(
  source: ListSource,
  filters: Filters,
  found: (entry: ListEntry) => void,
): Generator<void, void, void> {
  const index = source.indexed?.(filters);
  const matches = matcher(index?.rest ?? filters);
  let after = -1;
  for (;;) {
    const read = index === undefined ? source.after(after, READ, 0) : entriesAt(source, index.after(after, READ));
    let last: number | undefined;
    for (const entry of read) {
      if (matches(entry.text)) found(entry);
      last = entry.ordinal;
    }
    if (last === undefined) return;
    after = last;
    yield;
  }
}

/** One after the other: many large ones would fill the memory. */
function* entriesAt(source: ListSource, ordinals: readonly number[]): Generator<ListEntry, void, void> {
  for (const ordinal of ordinals) {
    const entry = source.at(ordinal);
    if (entry !== undefined) yield entry;
  }
}

/** What matches, in the order asked for. */
interface Matches {
  /** Up to the end of the page at least. */
  readonly ordinals: readonly number[];
  readonly total: number;
}

function* selected(source: ListSource, request: ListRequest): Generator<void, Matches, void> {
  const { filters = {}, sort_by: field, skip, limit } = request;
  const index = source.indexed?.(filters);
  if (field === undefined && index !== undefined && Object.keys(index.rest).length === 0) {
    const ordinals = yield* indexedOrdinals(index, index.total === undefined ? Infinity : skip + limit);
    return { ordinals, total: index.total ?? ordinals.length };
  }
  const ordinals = yield* matchingOrdinals(source, request);
  return { ordinals, total: ordinals.length };
}

/** Ordinals of all entries that match. */
function* matchingOrdinals(
  source: ListSource,
  { filters = {}, sort_by: field, reverse_sort: reverse = false }: ListRequest,
): Generator<void, readonly number[], void> {
  if (field === undefined) {
    const ordinals: number[] = [];
    yield* matching(source, filters, ({ ordinal }) => ordinals.push(ordinal));
    return ordinals;
  }
  const found: { readonly ordinal: number; readonly value: unknown }[] = [];
  yield* matching(source, filters, ({ ordinal, text }) => {
    const raw = membersOf(text).get(field);
    found.push({ ordinal, value: raw === undefined ? undefined : (JSON.parse(raw) as unknown) });
  });
  const direction = reverse ? -1 : 1;
  const sorted = yield* sorting(found, (a, b) => direction * compareValues(a.value, b.value) || a.ordinal - b.ordinal);
  return sorted.map(({ ordinal }) => ordinal);
}

/** The entries that an index finds, at least the first `most`: they are not read. */
function* indexedOrdinals(index: IndexedFilter, most: number): Generator<void, readonly number[], void> {
  const ordinals: number[] = [];
  for (;;) {
    const read = index.after(ordinals.at(-1) ?? -1, ORDINALS_READ);
    for (const ordinal of read) ordinals.push(ordinal);
    if (read.length < ORDINALS_READ || ordinals.length >= most) return ordinals;
    yield;
  }
}

/** Documents, and what makes the rows of each. */
export interface Join {
  readonly source: ListSource;
  readonly rowsOf: TextsOf;
}

/** Lists of Torc contract 1.6, each from one snapshot. */
export class TorcLists {
  private readonly answers: PagedAnswers;

  constructor(snapshots: Snapshots) {
    this.answers = textPages(snapshots);
  }

  /** @param sourceIn what the list is made of; refused when it does not exist */
  async list(
    request: ListRequest,
    sourceIn: (snapshot: Snapshot) => ListSource | DomainError,
  ): Promise<TorcListPage | DomainError> {
    return this.counted(request.cursor, (snapshot, counted) => {
      const source = sourceIn(snapshot);
      return source instanceof DomainError ? source : this.entries(source, request, counted);
    });
  }

  async listSelected(
    request: Paging & { readonly cursor?: string },
    entriesIn: (snapshot: Snapshot) => SelectedEntries | DomainError,
  ): Promise<TorcListPage | DomainError> {
    return this.counted(request.cursor, (snapshot, counted) => {
      const entries = entriesIn(snapshot);
      return entries instanceof DomainError ? entries : this.selectedEntries(entries, request, counted);
    });
  }

  /** Rows of a join. `skip` and `limit` count the documents that are joined (Torc contract 5.15). */
  async join(
    request: ListRequest,
    joinIn: (snapshot: Snapshot) => Join | DomainError,
  ): Promise<TorcListPage | DomainError> {
    return this.answers.page(request.cursor, (snapshot) => {
      const join = joinIn(snapshot);
      return join instanceof DomainError ? join : this.entries(join.source, request, () => {}, join.rowsOf);
    });
  }

  /** The first page says how many entries there are. */
  private async counted(
    cursor: string | undefined,
    begin: (snapshot: Snapshot, counted: (total: number) => void) => Chunks | DomainError,
  ): Promise<TorcListPage | DomainError> {
    let total: number | undefined;
    const page = await this.answers.page(cursor, (snapshot) => begin(snapshot, (count) => (total = count)));
    return page instanceof DomainError || total === undefined ? page : { ...page, total_count: total };
  }

  private async *entries(
    source: ListSource,
    request: ListRequest,
    counted: (total: number) => void,
    textsOf: TextsOf = itself,
  ): Chunks {
    const { skip, limit, filters = {}, sort_by: field } = request;
    if (field === undefined && Object.keys(filters).length === 0) {
      counted(source.total);
      return yield* created(source, request, textsOf);
    }
    const { ordinals, total } = await new Slices().drive(selected(source, request));
    counted(total);
    return yield* rendered(ordinals.slice(skip, skip + limit), (ordinal) => {
      const entry = source.at(ordinal);
      return entry === undefined ? [] : textsOf(entry);
    });
  }

  private async *selectedEntries(
    found: SelectedEntries,
    { skip, limit }: Paging,
    counted: (total: number) => void,
  ): Chunks {
    const ordinals = await new Slices().drive(found.select());
    counted(ordinals.length);
    return yield* rendered(ordinals.slice(skip, skip + limit), (ordinal) => {
      const text = found.textAt(ordinal);
      return text === undefined ? [] : [text];
    });
  }
}
