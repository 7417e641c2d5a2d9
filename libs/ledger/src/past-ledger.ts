import { LedgerUnavailable } from './errors.js';
import {
  type Appended,
  type Batch,
  Ledger,
  type Position,
  type ReadAllOptions,
  type ReadStreamOptions,
  type RecordedEvent,
  START,
  type SubscribeOptions,
  type TransferredEvent,
} from './ledger.js';
import { mergedStreams } from './merged-streams.js';
import { lastRevisionUpTo } from './revision-search.js';
import { prefixMatcher } from './stream-filter.js';
import { Waiter } from './waiter.js';

/** A subscription. */
interface Follower {
  readonly waiter: Waiter;
  /** It gets what is behind. */
  after: Position;
}

/**
 * A ledger as it was when its head was at a position, or only some of its streams. It takes no events. A staged batch that was sealed later is
 * not sealed here. Services that follow it go on when it is raised.
 */
export class PastLedger extends Ledger {
  override readonly isOver = true;
  private readonly followers = new Set<Follower>();
  private readonly streams: ReadonlySet<string> | undefined;
  private closed = false;

  /**
   * @param ledger is closed with this one
   * @param until the last position that belongs to this past
   * @param streams their names; without them all streams. They are merged by position, without a look at the others
   */
  constructor(
    private readonly ledger: Ledger,
    private until: Position,
    streams?: Iterable<string>,
  ) {
    super();
    this.streams = streams === undefined ? undefined : new Set(streams);
  }

  /** Goes on to a later moment. */
  raise(until: Position): void {
    if (until < this.until) throw new RangeError(`The past up to ${this.until} does not go back to ${until}`);
    this.until = until;
    this.wakeFollowers();
  }

  /** Ends at another moment, also an earlier one. Whoever follows reads from there on: what is before comes to it in another way. */
  moveTo(until: Position): void {
    this.until = until;
    for (const follower of this.followers) follower.after = until;
  }

  override append(stream: string): Promise<Appended> {
    return Promise.reject(this.refusal(stream));
  }

  override appendRecorded([first]: readonly TransferredEvent[]): Promise<Position> {
    return Promise.reject(this.refusal(first?.stream ?? ''));
  }

  override async readStream(stream: string, options: ReadStreamOptions = {}): Promise<readonly RecordedEvent[]> {
    if (!this.has(stream)) return [];
    if (options.direction === 'backwards') {
      const last = await lastRevisionUpTo(this.ledger, stream, this.until);
      return this.ledger.readStream(stream, { ...options, from: Math.min(options.from ?? last, last) });
    }
    const events = await this.ledger.readStream(stream, options);
    const last = events.at(-1);
    return last === undefined || last.position <= this.until ? events : events.filter(this.isPast);
  }

  override async eventAt(position: Position): Promise<RecordedEvent | undefined> {
    if (position > this.until) return undefined;
    const event = await this.ledger.eventAt(position);
    return event === undefined || !this.has(event.stream) ? undefined : event;
  }

  override async *readAll({ after = START, streamPrefixes }: ReadAllOptions = {}): AsyncIterable<Batch> {
    const end = await this.head();
    if (after >= end) return;
    let upTo = after;
    for await (const batch of this.readBehind(after, end, streamPrefixes)) {
      const last = batch.events.at(-1);
      const isWithin = last === undefined || last.position <= end;
      upTo = Math.min(batch.upTo, end);
      yield { events: isWithin ? batch.events : batch.events.filter(({ position }) => position <= end), upTo };
      if (upTo >= end || this.closed) return;
    }
    yield { events: [], upTo: end };
  }

  override async *subscribe({ signal, ...options }: SubscribeOptions = {}): AsyncIterable<Batch> {
    const waiter = new Waiter();
    const follower: Follower = { waiter, after: options.after ?? START };
    this.followers.add(follower);
    signal?.addEventListener('abort', waiter.wake);
    const isOver = (): boolean => signal?.aborted === true || this.closed;
    try {
      while (!isOver()) {
        for await (const batch of this.readAll({ ...options, after: follower.after })) {
          follower.after = batch.upTo;
          yield batch;
          if (isOver()) return;
        }
        await waiter.wait();
      }
    } finally {
      signal?.removeEventListener('abort', waiter.wake);
      this.followers.delete(follower);
    }
  }

  override async head(): Promise<Position> {
    return Math.min(this.until, await this.ledger.head());
  }

  override pollNow(): void {
    // Whoever raises the end wakes the followers.
  }

  override reconnect(): void {
    this.ledger.reconnect();
  }

  override close(): Promise<void> {
    this.closed = true;
    this.wakeFollowers();
    return this.ledger.close();
  }

  private readonly isPast = ({ position }: RecordedEvent): boolean => position <= this.until;

  private refusal(stream: string): LedgerUnavailable {
    return new LedgerUnavailable(stream, `this is the past up to position ${this.until}`);
  }

  private has(stream: string): boolean {
    return this.streams === undefined || this.streams.has(stream);
  }

  private readBehind(after: Position, end: Position, streamPrefixes?: readonly string[]): AsyncIterable<Batch> {
    if (this.streams !== undefined) {
      return mergedStreams(this.ledger, [...this.streams].filter(prefixMatcher(streamPrefixes)), after, end);
    }
    return this.ledger.readAll(streamPrefixes === undefined ? { after } : { after, streamPrefixes });
  }

  private wakeFollowers(): void {
    for (const { waiter } of this.followers) waiter.wake();
  }
}
