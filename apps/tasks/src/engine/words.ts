import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { Statuses } from './statuses.js';
import type { WordTable } from './tables.js';

export type WordId = number;

/** Bound of the cache of one table. A full cache is cleared. */
const CACHE_MAX = 20_000;

/** Integers for words that many units share. An instance belongs to one connection. */
export class Words {
  private readonly ids = new Map<string, WordId>();
  private readonly texts = new Map<WordId, string>();
  private readonly selectId: StatementSync;
  private readonly selectWord: StatementSync;
  private insert: StatementSync | undefined;

  constructor(
    private readonly database: DatabaseSync,
    private readonly table: WordTable,
  ) {
    this.selectId = database.prepare(`SELECT id FROM ${table} WHERE word = ?`);
    this.selectWord = database.prepare(`SELECT word FROM ${table} WHERE id = ?`);
  }

  /** Id of a word that some unit has or had. */
  find(word: string): WordId | undefined {
    const cached = this.ids.get(word);
    if (cached !== undefined) return cached;
    const row = this.selectId.get(word);
    return row === undefined ? undefined : this.remember(Number(row['id']), word);
  }

  /** Ids of those words that some unit has or had, each once. */
  findAll(words: Iterable<string>): WordId[] {
    const ids = new Set<WordId>();
    for (const word of words) {
      const id = this.find(word);
      if (id !== undefined) ids.add(id);
    }
    return [...ids];
  }

  /** Id of a word. Inserts a new word: on the writing connection only. */
  idOf(word: string): WordId {
    const known = this.find(word);
    if (known !== undefined) return known;
    this.insert ??= this.database.prepare(`INSERT INTO ${this.table} (word) VALUES (?) RETURNING id`);
    return this.remember(Number(this.insert.get(word)?.['id']), word);
  }

  wordOf(id: WordId): string {
    const cached = this.texts.get(id);
    if (cached !== undefined) return cached;
    const word = String(this.selectWord.get(id)?.['word'] ?? '');
    this.remember(id, word);
    return word;
  }

  /** Drops what a transaction that was rolled back may have put into the caches. */
  forget(): void {
    this.ids.clear();
    this.texts.clear();
  }

  private remember(id: WordId, word: string): WordId {
    if (this.ids.size >= CACHE_MAX) this.forget();
    this.ids.set(word, id);
    this.texts.set(id, word);
    return id;
  }
}

/** All words of units, on one connection. */
export class Vocabulary {
  readonly status: Statuses;
  readonly dialect: Words;
  readonly label: Words;
  readonly name: Words;
  readonly site: Words;
  readonly group: Words;
  readonly requirements: Words;

  constructor(database: DatabaseSync) {
    this.status = new Statuses(database);
    this.dialect = new Words(database, 'unit_dialect');
    this.label = new Words(database, 'unit_label');
    this.name = new Words(database, 'unit_name');
    this.site = new Words(database, 'unit_site');
    this.group = new Words(database, 'unit_group');
    this.requirements = new Words(database, 'unit_requirements');
  }

  forget(): void {
    this.status.forget();
    for (const words of [this.dialect, this.name, this.site, this.group, this.requirements, this.label]) words.forget();
  }
}
