import { DatabaseSync } from 'node:sqlite';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Log } from '#platform/logging.js';
import type { Position } from '#ledger/ledger.js';
import { perConnection } from './per-connection.js';

/** Snapshots that are read at a time; further answers wait until one is free. */
const OPEN_MAX = 32;

/** Of these, snapshots held between two pages of an answer: the others remain for answers that begin. */
const HELD_MAX = 24;

/** Connections that wait for the next answer with their statements prepared. */
const IDLE_CONNECTIONS_MAX = 4;

/** A list reads each page once, so that a larger cache would not help it. */
const CACHE_KIB = 1024;

/** A client that has asked for no page for so long is gone. */
const IDLE_MS_MAX = 2 * 60 * 1000;

/** An answer that nobody has read for so long makes room for another one. */
const IDLE_MS_MAX_WITHOUT_ROOM = 10 * 1000;

/** The write-ahead log cannot be emptied while a snapshot is held, so that none is held for longer. */
const AGE_MS_MAX = 15 * 60 * 1000;

const SWEEP_MS = 1000;

/** One committed state of a read model. */
export interface Snapshot {
  readonly database: DatabaseSync;
  /** The snapshot shows everything up to here. */
  readonly position: Position;
}

/** An answer that keeps its snapshot between two pages. */
export interface HeldAnswer {
  /** When the last page was answered; undefined while a page is made. In milliseconds of {@link Snapshots.nowMs}. */
  readonly idleSinceMs: number | undefined;
  /** Releases the snapshot; the next page is refused. */
  end(): void;
}

interface Held {
  readonly answer: HeldAnswer;
  readonly sinceMs: number;
}

export interface SnapshotsOptions {
  /** SQLite file in WAL mode. */
  readonly file: string;
  /** Everything up to here is committed. */
  readonly position: () => Position;
  readonly log?: Log | undefined;
  readonly nowMs?: () => number;
}

const beginning = perConnection((database) => database.prepare('SELECT 1 FROM sqlite_schema LIMIT 1'));

/**
 * Read transactions on pooled read-only connections, so that an answer of several pages shows one state while the read model
 * goes on. Number, idle time and age are bounded, because SQLite keeps everything in the write-ahead log that was
 * written since the oldest snapshot.
 */
export class Snapshots {
  private readonly idle: DatabaseSync[] = [];
  private readonly waiting: (() => void)[] = [];
  private readonly held = new Map<HeldAnswer, Held>();
  /** A clock that never goes back, in milliseconds. */
  readonly nowMs: () => number;
  /** Connections that may be used again: those from before a change of the file's content remember what it was. */
  private reusable = new WeakSet<DatabaseSync>();
  /** While they are pinned: snapshots for answers that begin. */
  private pinned: { readonly all: ReadonlySet<Snapshot>; readonly free: Snapshot[] } | undefined;
  private open = 0;
  private closed = false;
  private sweeping: NodeJS.Timeout | undefined;

  constructor(private readonly options: SnapshotsOptions) {
    this.nowMs = options.nowMs ?? (() => performance.now());
  }

  /** Takes a snapshot of what is committed now, or as soon as there is room. It must be released. */
  async take(): Promise<Snapshot> {
    if (this.open < OPEN_MAX) this.open += 1;
    // Whoever releases a snapshot hands its room over.
    else await new Promise<void>((proceed) => this.waiting.push(proceed));
    return this.pinned?.free.pop() ?? this.begin();
  }

  release(snapshot: Snapshot): void {
    if (this.pinned?.all.has(snapshot) === true) this.pinned.free.push(snapshot);
    else this.finish(snapshot);
    const next = this.waiting.shift();
    if (next === undefined) this.open -= 1;
    else next();
  }

  /**
   * Has answers that begin show what is committed now, until the returned function is called, however the content of the file is replaced
   * meanwhile. Nobody may commit before it resolves.
   */
  async pin(): Promise<() => void> {
    const all = new Set<Snapshot>();
    // As many as can be taken, so that one is free for each.
    const pinned = { all, free: [] as Snapshot[] };
    while (all.size < OPEN_MAX) {
      const snapshot = this.begin();
      all.add(snapshot);
      pinned.free.push(snapshot);
      await nextTurn();
    }
    this.pinned = pinned;
    return () => {
      this.pinned = undefined;
      for (const snapshot of pinned.free) this.finish(snapshot);
      this.renew();
    };
  }

  /** The content of the file was replaced: no connection from before is used again. */
  renew(): void {
    this.reusable = new WeakSet();
    for (const database of this.idle.splice(0)) database.close();
  }

  /** Whether an answer may keep its snapshot until its next page. Answers that nobody reads make room. */
  hold(answer: HeldAnswer): boolean {
    if (this.held.size >= HELD_MAX) this.endIdle(IDLE_MS_MAX_WITHOUT_ROOM, 1);
    if (this.held.size >= HELD_MAX) return false;
    this.held.set(answer, { answer, sinceMs: this.nowMs() });
    this.sweeping ??= setInterval(() => this.sweep(), SWEEP_MS).unref();
    return true;
  }

  /** The answer has released its snapshot. */
  drop(answer: HeldAnswer): void {
    this.held.delete(answer);
    if (this.held.size > 0) return;
    clearInterval(this.sweeping);
    this.sweeping = undefined;
  }

  /** Ends the answer that has held its snapshot for longest, so that the write-ahead log can be emptied. */
  endOldest(): void {
    const [oldest] = this.held.values();
    if (oldest !== undefined) this.end(oldest, 'the write-ahead log has grown too large');
  }

  /** Ends answers that nobody has read for a while, and those that are too old. */
  sweep(): void {
    this.endIdle(IDLE_MS_MAX, Infinity);
    const nowMs = this.nowMs();
    for (const held of this.held.values()) {
      if (nowMs - held.sinceMs >= AGE_MS_MAX) this.end(held, 'it has taken too long');
    }
  }

  /** Ends all answers; a connection in use is closed when its snapshot is released. */
  close(): void {
    this.closed = true;
    for (const { answer } of [...this.held.values()]) answer.end();
    for (const database of this.idle.splice(0)) database.close();
  }

  private endIdle(idleMs: number, most: number): void {
    const nowMs = this.nowMs();
    const longest = [...this.held.values()]
      .filter(({ answer: { idleSinceMs = Infinity } }) => nowMs - idleSinceMs >= idleMs)
      .sort((a, b) => (a.answer.idleSinceMs ?? 0) - (b.answer.idleSinceMs ?? 0));
    for (const held of longest.slice(0, most)) this.end(held, 'nobody has read on');
  }

  private end({ answer, sinceMs }: Held, reason: string): void {
    this.options.log?.warn({ reason, ageMs: Math.round(this.nowMs() - sinceMs) }, 'A long answer was ended');
    answer.end();
  }

  private begin(): Snapshot {
    const database = this.idle.pop() ?? this.connect();
    database.exec('BEGIN');
    // The first statement decides what the transaction shows.
    beginning(database).get();
    return { database, position: this.options.position() };
  }

  private finish({ database }: Snapshot): void {
    database.exec('COMMIT');
    if (!this.closed && this.idle.length < IDLE_CONNECTIONS_MAX && this.reusable.has(database))
      this.idle.push(database);
    else database.close();
  }

  private connect(): DatabaseSync {
    const database = new DatabaseSync(this.options.file, { readOnly: true });
    database.exec(`PRAGMA cache_size = -${CACHE_KIB}`);
    this.reusable.add(database);
    return database;
  }
}
