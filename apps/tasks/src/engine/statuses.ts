import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { Dialect } from '#ledger/ref.js';

/** Integer of a status word of one dialect, together with an outcome. */
export type StatusId = number;

/** Bound of the cache. A full cache is cleared. */
const CACHE_MAX = 20_000;

/** What a {@link StatusId} stands for. */
export interface Status {
  readonly dialect: Dialect;
  readonly word: string;
  /** Empty unless the dialect distinguishes outcomes of one status. */
  readonly outcome: string;
}

/**
 * Integers for statuses. No two dialects share one, so that the index and the counts by status never mix their units. An
 * instance belongs to one connection.
 */
export class Statuses {
  private readonly ids = new Map<string, StatusId>();
  private readonly statuses = new Map<StatusId, Status>();
  private readonly selectId: StatementSync;
  private readonly selectStatus: StatementSync;
  private readonly selectOfDialect: StatementSync;
  private insert: StatementSync | undefined;

  constructor(private readonly database: DatabaseSync) {
    this.selectId = database.prepare('SELECT id FROM unit_status WHERE dialect = ? AND word = ? AND outcome = ?');
    this.selectStatus = database.prepare('SELECT dialect, word, outcome FROM unit_status WHERE id = ?');
    this.selectOfDialect = database.prepare('SELECT id, word FROM unit_status WHERE dialect = ?');
  }

  /** Id of a status that some unit of the dialect has or had. */
  find(dialect: Dialect, word: string, outcome = ''): StatusId | undefined {
    const cached = this.ids.get(nameOf(dialect, word, outcome));
    if (cached !== undefined) return cached;
    const row = this.selectId.get(dialect, word, outcome);
    return row === undefined ? undefined : this.remember(Number(row['id']), { dialect, word, outcome });
  }

  /** Ids of these words, with any outcome, as far as some unit of the dialect has or had them. */
  findAll(dialect: Dialect, words: Iterable<string>): StatusId[] {
    const wanted = new Set(words);
    return this.ofDialect(dialect).filter((id) => wanted.has(this.wordOf(id)));
  }

  /** Ids of all statuses that some unit of the dialect has or had. */
  ofDialect(dialect: Dialect): StatusId[] {
    return this.selectOfDialect.all(dialect).map((row) => Number(row['id']));
  }

  /** Id of a status. Inserts a new status: on the writing connection only. */
  idOf(dialect: Dialect, word: string, outcome = ''): StatusId {
    const known = this.find(dialect, word, outcome);
    if (known !== undefined) return known;
    this.insert ??= this.database.prepare(
      'INSERT INTO unit_status (dialect, word, outcome) VALUES (?, ?, ?) RETURNING id',
    );
    return this.remember(Number(this.insert.get(dialect, word, outcome)?.['id']), { dialect, word, outcome });
  }

  wordOf(id: StatusId): string {
    return this.of(id).word;
  }

  of(id: StatusId): Status {
    const cached = this.statuses.get(id);
    if (cached !== undefined) return cached;
    const row = this.selectStatus.get(id);
    const text = (column: string): string => String(row?.[column] ?? '');
    const status = { dialect: text('dialect') as Dialect, word: text('word'), outcome: text('outcome') };
    this.remember(id, status);
    return status;
  }

  /** Drops what a transaction that was rolled back may have put into the caches. */
  forget(): void {
    this.ids.clear();
    this.statuses.clear();
  }

  private remember(id: StatusId, status: Status): StatusId {
    // The number of words has no bound, because clients may set any.
    if (this.ids.size >= CACHE_MAX) this.forget();
    this.ids.set(nameOf(status.dialect, status.word, status.outcome), id);
    this.statuses.set(id, status);
    return id;
  }
}

/** Dialects and outcomes are words of our own without spaces. */
const nameOf = (dialect: Dialect, word: string, outcome: string): string => `${dialect} ${outcome} ${word}`;
