import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { AppendTooLarge, OutcomeUnknown } from '#ledger/errors.js';
import { APPEND_BYTES_MAX, type Appended, type Ledger, type NewEvent, type Position } from '#ledger/ledger.js';
import { measure } from '#ledger/serialized-event.js';
import { appendStaged, sealId } from '#ledger/staged-batch.js';

/** How often an append of unknown outcome is sent again unchanged; the ledger recognizes it by its event ids. */
const UNKNOWN_RETRIES_MAX = 5;
const UNKNOWN_RETRY_MS_FIRST = 20;

/** The result of writing a stream's events. */
export interface Outcome {
  /** The ledger is known to hold the events up to this revision. */
  readonly revision: number;
  /** Of the last of them. */
  readonly position: Position | undefined;
  /** Why it does not hold the others, as far as known. */
  readonly failure: unknown;
}

const bytesOf = (stream: string, events: readonly NewEvent[]): number =>
  events.reduce((sum, event) => sum + measure(stream, event), 0);

/** One command's events in the stream. */
interface Group {
  readonly events: readonly NewEvent[];
  /** Set when they are too many for one append. */
  readonly batchId?: string;
}

/** The last of a command's events, and the revision that it will have. */
export interface LastEvent {
  readonly revision: number;
  readonly id: string;
}

/** Writes the events of one drain to one stream, grouped by command. */
export class StreamAppend {
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

  /** Revision of the next event. */
  get nextRevision(): number {
    return this.revision + 1;
  }

  /** Adds one command's events, which fit into one append. */
  add(events: readonly NewEvent[]): LastEvent {
    this.groups.push({ events });
    this.revision += events.length;
    return { revision: this.revision, id: events.at(-1)?.id ?? '' };
  }

  /** Adds one command's events as a staged batch: they take effect with the seal behind them. */
  addStaged(events: readonly NewEvent[]): LastEvent {
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

  /** Repeats an append of unknown outcome unchanged until the outcome is known: the ledger carries it out once. */
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

  /** Combines as many commands as fit into one append; a command's events are never split. */
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
