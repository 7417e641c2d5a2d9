import { setTimeout as delay } from 'node:timers/promises';
import type { OnApplicationShutdown, OnModuleInit } from '@nestjs/common';
import { DomainError } from '#platform/domain-error.js';
import type { Log } from '#platform/logging.js';
import { nextLoopTurn } from '#platform/loop-turn.js';
import { VISIBLE_WITHIN_MS } from '#bus/visibility.js';
import type { UnitHome } from '#contracts/cairn/history.js';
import type { PartKind } from '#contracts/event-filter.js';
import { perConnection } from '#event-sourcing/per-connection.js';
import { arrayStatement } from '#event-sourcing/array-statement.js';
import { cursorAt, HISTORY_START, type HistoryCursor, isBehind } from '#event-sourcing/history-cursor.js';
import { Slices } from '#event-sourcing/slices.js';
import { ReadModel } from '#event-sourcing/read-model.js';
import { RebuiltFiles } from '#event-sourcing/rebuilt-files.js';
import type { Ledger } from '#ledger/ledger.js';
import { partsOfStream, ref, streamName } from '#ledger/ref.js';
import { dialectNamed, DIALECTS } from '../dialects.js';
import { type EntryList, stepThrough, Union } from './entry-list.js';
import { EntryTables } from './entry-tables.js';
import { type Entry, EntryNumbers, type EntryQuery, type NumberedEntry } from './entry-numbers.js';
import { historyProjection, PART_KINDS, prefixName } from './history-projection.js';

/** Small, because most of the index is written once and seldom read. */
const CACHE_KIB = 8 * 1024;

/** Rows for many events cost less than as many rows for one each, and questions wait for what they must show. */
const FOLLOW_DELAY_MS = 250;

/** What the index keeps. */
export const HISTORY_STORE = { projections: [historyProjection], cacheKib: CACHE_KIB, followDelayMs: FOLLOW_DELAY_MS };

/** A small index is whole when the service is ready; a large one that is made anew does not keep it from everything else. */
const START_WAITS_MS = 10_000;

/** Streams that are looked at together. */
const STREAMS_PAGE = 1000;

/** Behind every name that begins with a prefix: no name of a stream has other characters than ASCII ones. */
const BEHIND_ALL = '\u007F';

export interface EntryChunk {
  /** May be empty where what is asked for is rare. */
  readonly entries: readonly Entry[];
  /** What was looked at ends here: the same question goes on with it as `after` (from the oldest on) or `before` (from the newest on). */
  readonly lookedUpTo: HistoryCursor;
  /** Nothing follows. From the oldest on, what is recorded later follows behind `lookedUpTo`. */
  readonly isLast: boolean;
}

const CHUNK_ENTRIES = 256;

const NAMES_MAX = 10;

const prepare = perConnection((database) => ({
  streamNamed: arrayStatement<[string]>(database, 'SELECT name FROM stream WHERE name = ?'),
  revisions: arrayStatement<[stream: string, revision: number]>(
    database,
    'SELECT stream, revision FROM model_stream WHERE stream > ? AND stream < ? ORDER BY stream LIMIT ?',
  ),
  numbers: new EntryNumbers(database),
  named: arrayStatement<[stream: string, ordinal: number, first: number, count: number]>(
    database,
    `SELECT s.name, n.ordinal, n.first, n.count FROM name n CROSS JOIN stream s ON s.id = n.stream
     WHERE n.name = ? AND n.kind = ? LIMIT ${NAMES_MAX}`,
  ),
  oldest: new EntryTables(database, 'oldest'),
  newest: new EntryTables(database, 'newest'),
}));

/** What finds events by names. */
export type SearchedIndex = Pick<HistoryIndex, 'entries' | 'has' | 'resolveWorkload' | 'partsNamed' | 'showHead'>;

export interface LongStream {
  readonly stream: string;
  readonly events: number;
}

export interface HistoryIndexOptions {
  readonly file: string;
  readonly ledger: Ledger;
  readonly log?: Log;
}

/**
 * Finds events by what they are about, in order of effect, without their texts: those are in the ledger. A read model of its own, because it
 * numbers the events in the order in which all services see them. A service does not wait long for it at its start: questions are refused as
 * `unavailable` as long as it is being rebuilt.
 */
export class HistoryIndex implements OnModuleInit, OnApplicationShutdown {
  private constructor(
    private readonly model: ReadModel,
    private readonly rebuiltFiles: RebuiltFiles,
  ) {}

  static async open({ file, ledger, log }: HistoryIndexOptions): Promise<HistoryIndex> {
    const model = await ReadModel.open({ file, ledger, ...HISTORY_STORE, ...(log !== undefined && { log }) });
    model.start();
    return new HistoryIndex(model, new RebuiltFiles(file, model, log));
  }

  /** Resolves when everything is found that the ledger holds now, or a little later with what is found then. */
  async showHead(): Promise<void> {
    await this.model.waitForHead(VISIBLE_WITHIN_MS);
  }

  /** Whether it is being rebuilt: then nothing can be asked. */
  get isBehind(): boolean {
    return this.model.behind;
  }

  /** Resolves when everything is found that stood in the ledger at the start. */
  caughtUp(): Promise<void> {
    return this.model.caughtUp();
  }

  /** Streams of at least so many events whose names begin with a prefix, from a table of all streams: for work in the background. */
  async *longStreams(prefix: string, eventsMin: number): AsyncGenerator<LongStream, void, void> {
    let after = prefix;
    for (;;) {
      const page = this.statements.revisions.all(after, prefix + BEHIND_ALL, STREAMS_PAGE);
      for (const [stream, revision] of page) if (revision + 1 >= eventsMin) yield { stream, events: revision + 1 };
      const last = page.at(-1);
      if (last === undefined) return;
      [after] = last;
      await nextLoopTurn();
    }
  }

  /** Whether an event of the stream has taken effect. */
  has(stream: string): boolean {
    return this.statements.streamNamed.get(stream) !== undefined;
  }

  /**
   * The ref of a workload that has a history, though it may be deleted: `iceprod.main.8f1c`.
   *
   * @param idOrRef its ref, or its public id where only one dialect has a workload of this id
   * @throws DomainError `not-found`; `conflict` when workloads of several dialects have the id; `unavailable` while the index is being rebuilt
   */
  resolveWorkload(idOrRef: string): string {
    const { namespace, dialect: named } = partsOfStream(streamName('workload', idOrRef));
    const dialect = dialectNamed(named);
    if (dialect?.workloads !== undefined && namespace === 'main' && this.has(streamName(dialect.workloads, idOrRef))) {
      return idOrRef;
    }
    const found = DIALECTS.flatMap(({ name, workloads }) => {
      const candidate = ref(name, 'main', idOrRef);
      return workloads !== undefined && this.has(streamName(workloads, candidate)) ? [candidate] : [];
    });
    const [only, ...others] = found;
    if (only === undefined) throw new DomainError('not-found', 'workload.not-found', 'Workload not found');
    if (others.length === 0) return only;
    throw new DomainError('conflict', 'workload.ambiguous', `Several workloads have this id: ${found.join(', ')}`);
  }

  /**
   * Parts of streams with a public id, of whatever workload, though they may be removed. Several have it where clients choose ids.
   *
   * @throws DomainError `unavailable` while the index is being rebuilt
   */
  partsNamed(part: PartKind, id: string): readonly UnitHome[] {
    const { named } = this.statements;
    const prefix = prefixOfId(id);
    const exact = named.all(id, PART_KINDS[part]).map(([stream, ordinal]) => ({ stream, ordinal }));
    if (prefix === undefined) return exact;
    const numbered = named
      .all(prefixName(prefix.prefix), PART_KINDS[part])
      .flatMap(([stream, ordinal, first, count]) => {
        const at = prefix.index - first;
        return at >= 0 && at < count ? [{ stream, ordinal: ordinal + at }] : [];
      });
    return [...exact, ...numbered];
  }

  /**
   * Finds entries, some at a time. Others get their turn meanwhile, and what is recorded meanwhile may be among them.
   *
   * @throws DomainError `unavailable` while the index is being rebuilt
   */
  async *entries(query: EntryQuery): AsyncGenerator<EntryChunk, void, void> {
    const { order, about = [], fromMicros = -Infinity, untilMicros = Infinity } = query;
    const { statements } = this;
    const end = cursorAt(this.model.checkpoint);
    const { numbers } = statements;
    const [first, last] = numbers.bounds(query);
    const sign = order === 'oldest' ? 1 : -1;
    const lists = about.map((subjects) => unionOf(subjects.map((subject) => statements[order].listOf(subject))));
    const slices = new Slices();
    let entries: Entry[] = [];
    const lastKey = order === 'oldest' ? last : -first;
    let key = order === 'oldest' ? first : -last;
    for (;;) {
      const step = key > lastKey ? undefined : stepThrough(lists, key);
      if (step === undefined || step.key > lastKey) break;
      key = step.key;
      if (step.isInAll) {
        const entry = numbers.entry(sign * key);
        if (entry !== undefined && entry.timeMicros >= fromMicros && entry.timeMicros < untilMicros)
          entries.push(entry);
        key += 1;
      }
      if (entries.length < CHUNK_ENTRIES && !slices.spent) continue;
      const before = numbers.entry(sign * (key - 1));
      if (before !== undefined) yield { entries, lookedUpTo: before.cursor, isLast: false };
      entries = [];
      if (slices.spent) await slices.pause();
    }
    const { upTo = end } = query;
    yield { entries, lookedUpTo: order === 'newest' ? HISTORY_START : isBehind(upTo, end) ? end : upTo, isLast: true };
  }

  /**
   * The place in the history at a time: behind everything that took effect before the first event that is later.
   *
   * @throws DomainError `unavailable` while the index is being rebuilt
   */
  cursorAtTime(timeMicros: number): HistoryCursor {
    return this.statements.numbers.cursorAtTime(timeMicros) ?? cursorAt(this.model.checkpoint);
  }

  /**
   * The last event that took effect up to a cursor, with its number, which it has in every ledger that holds this history.
   *
   * @throws DomainError `unavailable` while the index is being rebuilt
   */
  lastUpTo(cursor: HistoryCursor): NumberedEntry | undefined {
    const { numbers } = this.statements;
    const number = numbers.upTo(cursor);
    const entry = numbers.entry(number);
    return entry && { ...entry, number };
  }

  /** @throws DomainError `unavailable` while the index is being rebuilt */
  entryNumbered(number: number): Entry | undefined {
    return this.statements.numbers.entry(number);
  }

  async onModuleInit(): Promise<void> {
    await Promise.race([this.caughtUp(), delay(START_WAITS_MS, undefined, { ref: false })]);
  }

  onApplicationShutdown(): Promise<void> {
    return this.close();
  }

  async close(): Promise<void> {
    await this.rebuiltFiles.close();
    await this.model.close();
  }

  private get statements(): ReturnType<typeof prepare> {
    if (this.isBehind) {
      throw new DomainError(
        'unavailable',
        'history.rebuilding',
        'The index of the history is being rebuilt, ask again',
      );
    }
    return prepare(this.model.queries);
  }
}

/** An id that may be one of many behind a prefix: see `idAt`. */
const prefixOfId = (id: string): { readonly prefix: string; readonly index: number } | undefined => {
  const [, prefix, index] = /^([0-9a-f]{24})([0-9a-f]{8})$/.exec(id) ?? [];
  return prefix === undefined || index === undefined ? undefined : { prefix, index: Number.parseInt(index, 16) };
};

const unionOf = (lists: readonly EntryList[]): EntryList => {
  const [only, ...others] = lists;
  return only !== undefined && others.length === 0 ? only : new Union(lists);
};
