import { setTimeout as delay } from 'node:timers/promises';
import { AppendTooLarge, OutcomeUnknown } from '#ledger/errors.js';
import { APPEND_BYTES_MAX, type Appended, type Ledger, type NewEvent, type Position } from '#ledger/ledger.js';
import { serialize } from '#ledger/serialized-event.js';

/** How often an append whose outcome is not known is sent again, unchanged: the ledger recognizes it by the event ids. */
const UNKNOWN_RETRIES_MAX = 5;
const UNKNOWN_RETRY_MS_FIRST = 20;

/** What became of a lane's events. */
export interface Outcome {
  /** The events up to this revision are known to stand in the ledger. */
  readonly revision: number;
  /** Of the last of them. */
  readonly position: Position | undefined;
  /** Why the others do not, as far as known. */
  readonly failure: unknown;
}

const bytesOf = (stream: string, events: readonly NewEvent[]): number =>
  events.reduce((sum, event) => sum + serialize(stream, event).bytes, 0);

/** The events of one drain for one stream, command by command, on their way into the ledger. */
export class StreamLane {
  private readonly groups: (readonly NewEvent[])[] = [];
  private last: number;

  constructor(
    private readonly ledger: Ledger,
    readonly stream: string,
    /** Revision of the stream before the drain. */
    private readonly expected: number,
  ) {
    this.last = expected;
  }

  /** Revision of the last event added. */
  get revision(): number {
    return this.last;
  }

  /**
   * Adds one command's events of this stream and returns the revision of the first.
   *
   * @throws EventTooLarge
   */
  add(events: readonly NewEvent[]): number {
    const first = this.last + 1;
    this.groups.push(events);
    this.last += events.length;
    return first;
  }

  /** Appends everything, with one append if it fits. Never rejects. */
  async append(): Promise<Outcome> {
    const whole = await this.appendAll([this.groups.flat()]);
    return whole.failure instanceof AppendTooLarge ? this.appendAll(this.packed()) : whole;
  }

  private async appendAll(appends: readonly (readonly NewEvent[])[]): Promise<Outcome> {
    let revision = this.expected;
    let position: Position | undefined;
    try {
      for (const events of appends) ({ revision, position } = await this.send(revision, events));
      return { revision, position, failure: undefined };
    } catch (failure) {
      return { revision, position, failure };
    }
  }

  /** Sends again what has no known outcome, until it has one: an append that was repeated unchanged happens once. */
  private async send(expected: number, events: readonly NewEvent[]): Promise<Appended> {
    for (let retries = 0; ; retries++) {
      try {
        return await this.ledger.append(this.stream, expected, events);
      } catch (error) {
        if (!(error instanceof OutcomeUnknown) || retries >= UNKNOWN_RETRIES_MAX) throw error;
        await delay(UNKNOWN_RETRY_MS_FIRST * 2 ** retries);
      }
    }
  }

  /** Puts together as many commands as one append takes; a command's events of a stream are never torn apart. */
  private packed(): readonly (readonly NewEvent[])[] {
    const appends: NewEvent[][] = [];
    let room = 0;
    for (const events of this.groups) {
      const bytes = bytesOf(this.stream, events);
      const last = appends.at(-1);
      if (last !== undefined && bytes <= room) last.push(...events);
      else appends.push([...events]);
      room = (last !== undefined && bytes <= room ? room : APPEND_BYTES_MAX) - bytes;
    }
    return appends;
  }
}
