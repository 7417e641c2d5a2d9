import type { Batch, Ledger, Position, RecordedEvent } from './ledger.js';
import { lastRevisionUpTo } from './revision-search.js';

/** Events of each stream that are read at once: they may be large. */
const PAGE_EVENTS = 512;

/** A stream that is read a page at a time. */
class PagedStream {
  private events: readonly RecordedEvent[] = [];
  private hasMore = true;

  constructor(
    private readonly ledger: Ledger,
    private readonly stream: string,
    private nextRevision: number,
    private readonly end: Position,
  ) {}

  /** Everything of the stream up to here has been read. */
  get readUpTo(): Position {
    return this.hasMore ? (this.events.at(-1)?.position ?? 0) : this.end;
  }

  /** Reads the next page when the one before has been taken. */
  async fill(): Promise<void> {
    if (this.events.length > 0 || !this.hasMore) return;
    const page = await this.ledger.readStream(this.stream, { from: this.nextRevision, limit: PAGE_EVENTS });
    this.nextRevision += page.length;
    this.events = page.filter(({ position }) => position <= this.end);
    this.hasMore = this.events.length === PAGE_EVENTS;
  }

  take(upTo: Position): readonly RecordedEvent[] {
    const taken = this.events.filter(({ position }) => position <= upTo);
    this.events = this.events.slice(taken.length);
    return taken;
  }
}

/** Some streams as one, in the order of positions, without a look at the others: what is behind `after`, up to `end`. */
export async function* mergedStreams(
  ledger: Ledger,
  names: readonly string[],
  after: Position,
  end: Position,
): AsyncGenerator<Batch, void, void> {
  const streams: PagedStream[] = [];
  for (const name of names) {
    streams.push(new PagedStream(ledger, name, (await lastRevisionUpTo(ledger, name, after)) + 1, end));
  }
  for (;;) {
    for (const stream of streams) await stream.fill();
    const upTo = streams.reduce((least, { readUpTo }) => Math.min(least, readUpTo), end);
    const events = streams.flatMap((stream) => stream.take(upTo)).sort((one, other) => one.position - other.position);
    yield { events, upTo };
    if (upTo >= end) return;
  }
}
