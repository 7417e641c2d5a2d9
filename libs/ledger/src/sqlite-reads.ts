import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { Batch, Position, RecordedEvent } from './ledger.js';
import { retryWhileBusy } from './sqlite-busy.js';

export const READ_TIMEOUT_MS = 5_000;

/** A slice of reading: bounded in events, characters and, for a filter that matches little, positions looked at. */
export const SLICE_EVENTS = 512;
const SLICE_CHARACTERS = 1024 * 1024;
const SLICE_POSITIONS = 8192;

/** A recorded event as a row; an alias, because rows come as records. */
export type EventRow = { readonly [Field in keyof RecordedEvent]: RecordedEvent[Field] };

/** Of the tables `event e` and `stream s`. */
export const EVENT_COLUMNS = 'e.position, s.name AS stream, e.revision, e.id, e.type, e.data, e.metadata, e.hash';

interface Slice {
  readonly events: readonly RecordedEvent[];
  /** Whether the query had nothing more. */
  readonly exhausted: boolean;
}

/** Reads the next slice behind a position, up to a known head. */
export type SliceReader = (after: Position, head: Position) => Promise<Batch>;

/** Reads one file of a ledger. */
export class SqliteReads {
  private readonly forwardsStatement: StatementSync;
  private readonly backwardsStatement: StatementSync;
  private readonly atStatement: StatementSync;

  constructor(private readonly database: DatabaseSync) {
    const streamPage = (comparison: string, order: string): StatementSync =>
      database.prepare(`
        SELECT ${EVENT_COLUMNS} FROM stream s CROSS JOIN event e ON e.stream = s.id
        WHERE s.name = ? AND e.revision ${comparison} ? ORDER BY e.revision ${order} LIMIT ?
      `);
    this.forwardsStatement = streamPage('>=', 'ASC');
    this.backwardsStatement = streamPage('<=', 'DESC');
    this.atStatement = database.prepare(
      `SELECT ${EVENT_COLUMNS} FROM event e JOIN stream s ON s.id = e.stream WHERE e.position = ?`,
    );
  }

  /** The next events of a stream, from a revision on. */
  stream(stream: string, from: number, forwards: boolean, limit: number): Promise<Slice> {
    return this.slice(forwards ? this.forwardsStatement : this.backwardsStatement, [stream, from, limit]);
  }

  async at(position: Position): Promise<RecordedEvent | undefined> {
    return (await this.slice(this.atStatement, [position])).events[0];
  }

  /** @param streamPrefixes leaves out streams with none of them */
  reader(streamPrefixes: readonly string[] | undefined): SliceReader {
    // CROSS JOIN: the events in their order, the stream looked up for each; the texts are read of those that pass only.
    const prefixes = streamPrefixes ?? [''];
    const filter = prefixes.map(() => 'substr(s.name, 1, length(?)) = ?').join(' OR ');
    const statement = this.database.prepare(`
      SELECT ${EVENT_COLUMNS} FROM event e CROSS JOIN stream s ON s.id = e.stream
      WHERE e.position > ? AND e.position <= ? AND (${filter === '' ? 'FALSE' : filter})
      ORDER BY e.position LIMIT ${SLICE_EVENTS}
    `);
    const filterParameters = prefixes.flatMap((prefix) => [prefix, prefix]);
    return async (after, head) => {
      const end = Math.min(head, after + SLICE_POSITIONS);
      const slice = await this.slice(statement, [after, end, ...filterParameters]);
      const last = slice.events.at(-1);
      const complete = slice.exhausted && slice.events.length < SLICE_EVENTS;
      return { events: slice.events, upTo: complete || last === undefined ? end : last.position };
    };
  }

  /** Runs a query to its end or to the bound of a slice, whichever comes first. */
  private slice(statement: StatementSync, parameters: readonly (string | number)[]): Promise<Slice> {
    return retryWhileBusy(() => {
      const events: RecordedEvent[] = [];
      let characters = 0;
      for (const row of statement.iterate(...parameters)) {
        const event = row as EventRow;
        events.push(event);
        characters += event.data.length + event.metadata.length;
        if (characters >= SLICE_CHARACTERS) return { events, exhausted: false };
      }
      return { events, exhausted: true };
    }, READ_TIMEOUT_MS);
  }
}
