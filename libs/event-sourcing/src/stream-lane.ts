import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { AppendTooLarge, OutcomeUnknown } from '#ledger/errors.js';
import { APPEND_BYTES_MAX, type Appended, type Ledger, type NewEvent, type Position } from '#ledger/ledger.js';
import { serialize } from '#ledger/serialized-event.js';
import { appendStaged, sealId } from '#ledger/staged-batch.js';

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

/** One command's events of the lane's stream. */
interface Group {
  readonly events: readonly NewEvent[];
  /** Set when they are too many for one append. */
  readonly batchId?: string;
}

/** The last of a command's events and where it will stand. */
export interface LastPlace {
  readonly revision: number;
  readonly id: string;
}

/** The events of one drain for one stream, command by command, on their way into the ledger. */
export class StreamLane {
  private readonly groups: Group[] = [];
  private revision: number;

  constructor(
    private readonly ledger: Ledger,
    readonly stream: string,
    /** Revision of the stream before the drain. */
    private readonly expected: number,
  ) {
    this.revision = expected;
  }

  /** Where the next event will stand. */
  get nextRevision(): number {
    return this.revision + 1;
  }

  /** Adds one command's events, which one append takes. */
  add(events: readonly NewEvent[]): LastPlace {
    this.groups.push({ events });
    this.revision += events.length;
    return { revision: this.revision, id: events.at(-1)?.id ?? '' };
  }

  /** Adds one command's events as a staged batch: they take effect with the seal behind them. */
  addStaged(events: readonly NewEvent[]): LastPlace {
    // A new id each time: parts that an earlier attempt has left are never taken for parts of this one.
    const batchId = randomUUID();
    this.groups.push({ events, batchId });
    this.revision += events.length + 1;
    return { revision: this.revision, id: sealId(batchId) };
  }

  /** Appends everything, with one append if it fits. Never rejects. */
  async append(): Promise<Outcome> {
    if (this.groups.some(({ batchId }) => batchId !== undefined)) return this.appendAll(this.packed());
    const whole = await this.appendAll([{ events: this.groups.flatMap(({ events }) => events) }]);
    return whole.failure instanceof AppendTooLarge ? this.appendAll(this.packed()) : whole;
  }

  private async appendAll(groups: readonly Group[]): Promise<Outcome> {
    let revision = this.expected;
    let position: Position | undefined;
    try {
      for (const group of groups) ({ revision, position } = await this.send(revision, group));
      return { revision, position, failure: undefined };
    } catch (failure) {
      return { revision, position, failure };
    }
  }

  /** Sends again what has no known outcome, until it has one: an append that was repeated unchanged happens once. */
  private async send(expected: number, { events, batchId }: Group): Promise<Appended> {
    for (let retries = 0; ; retries++) {
      try {
        return batchId === undefined
          ? await this.ledger.append(this.stream, expected, events)
          : await appendStaged(this.ledger, this.stream, expected, events, batchId);
      } catch (error) {
        if (!(error instanceof OutcomeUnknown) || retries >= UNKNOWN_RETRIES_MAX) throw error;
        await delay(UNKNOWN_RETRY_MS_FIRST * 2 ** retries);
      }
    }
  }

  /** Puts together as many commands as one append takes; a command's events are never torn apart. */
  private packed(): readonly Group[] {
    const packed: { events: NewEvent[]; batchId?: string }[] = [];
    let room = 0;
    for (const { events, batchId } of this.groups) {
      const bytes = batchId === undefined ? bytesOf(this.stream, events) : Infinity;
      const last = packed.at(-1);
      if (last !== undefined && bytes <= room) {
        last.events.push(...events);
        room -= bytes;
      } else {
        packed.push(batchId === undefined ? { events: [...events] } : { events: [...events], batchId });
        room = batchId === undefined ? APPEND_BYTES_MAX - bytes : 0;
      }
    }
    return packed;
  }
}
