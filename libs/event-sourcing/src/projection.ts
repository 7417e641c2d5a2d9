import type { DatabaseSync } from 'node:sqlite';
import type { EventMetadata, Position } from '#ledger/ledger.js';
import type { HistoryCursor } from './history-cursor.js';

/** Where an event stands in the ledger, and where in the history: an event of a staged batch takes effect where the batch was sealed. */
export interface EventPlace {
  readonly position: Position;
  readonly cursor: HistoryCursor;
}

/**
 * An event as projections see it: parsed, upcast and, if it was part of a staged batch, sealed. A service applies its own events
 * before the ledger has given them a place, so its tables may depend on stream and revision only.
 */
export interface AppliedEvent {
  readonly stream: string;
  readonly revision: number;
  readonly id: string;
  readonly type: string;
  readonly data: Readonly<Record<string, unknown>>;
  readonly metadata: EventMetadata;
  /** For tables of services that decide nothing: absent when a service applies an event that it has just decided. */
  readonly place?: EventPlace;
}

/**
 * Numbers that a file gives by itself, in the order in which it sees what they stand for, by `table.column`: SQL about the row `t` that tells them
 * by name. By these names two files of the same events are compared. A name of a table alone: SQL that chooses the rows that are compared.
 */
export type ColumnNames = Readonly<Record<string, string>>;

/**
 * Keeps some tables of a service's read-model file in step with the ledger. It accepts facts: it never refuses or
 * throws for what an event says. The runner owns transaction and checkpoint. Events of one stream come in order; between
 * streams there is no order, because a service sees its own events before those of others.
 */
export interface Projection {
  readonly name: string;
  /** Raised when tables or their meaning change: the file is then rebuilt from the ledger. */
  readonly version: number;
  /** Streams it wants, such as `work-` (prefixes). */
  readonly streamPrefixes: readonly string[];
  /** Event types it wants, by default all of its streams: others are not even parsed for it. */
  readonly eventTypes?: readonly string[];
  /** `CREATE TABLE ...`, and the indexes without which events could not be applied fast. Names starting with `model_` are the runner's. */
  readonly tables: string;
  /** Other secondary indexes, created after a rebuild has filled the tables. */
  readonly indexes: string;
  readonly names?: ColumnNames;
  /**
   * Tables that give numbers to what others remember by them in memory, each with the columns that say what a number stands for. When a rebuilt file
   * takes the place of one in use, both say the same by these numbers.
   */
  readonly numbered?: Readonly<Record<string, readonly string[]>>;
  /** Binds to the writing connection; called once after the tables exist. */
  attach(database: DatabaseSync): ProjectionWriter;
}

export interface ProjectionWriter {
  /** Applies one event inside the runner's transaction. A generator yields where a slice of long work may end. */
  apply(event: AppliedEvent): void | Generator<void, void, void>;
  /** Writes what it has kept for the end of the transaction, such as sums of what many events change. */
  flush?(): void;
  /** Drops in-memory state that belongs to a transaction that was rolled back. */
  forget(): void;
}
