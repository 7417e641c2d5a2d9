import { hash } from 'node:crypto';
import { type Ledger, NO_STREAM, type Position, type RecordedEvent } from './ledger.js';

/** What the first event of a stream is chained to. */
export const GENESIS = '0'.repeat(64);

/** The fields that the hash is made over, besides the hash of the event before it in its stream. */
export type HashedFields = Pick<RecordedEvent, 'stream' | 'revision' | 'type' | 'id' | 'data' | 'metadata'>;

/**
 * SHA-256 over the exact texts stored. Lines are an unambiguous frame: a JSON text made by `JSON.stringify` has no line
 * feed, and {@link assertChainable} keeps it out of the names.
 */
export const eventHash = (previous: string, event: HashedFields): string =>
  hash(
    'sha256',
    `${previous}\n${event.stream}\n${event.revision}\n${event.type}\n${event.id}\n${event.data}\n${event.metadata}`,
  );

/** Refuses names that would make two different events hash the same text. */
export const assertChainable = (stream: string, type: string, id: string): void => {
  if (stream.includes('\n') || type.includes('\n') || id.includes('\n')) {
    throw new TypeError('A stream, an event type and an event id are each one line of text');
  }
};

/** The last event of a stream, as far as the next one is chained to it. */
export type ChainHead = Pick<RecordedEvent, 'revision' | 'hash'>;

/** Before the first event of a stream. */
export const EMPTY_HEAD: ChainHead = { revision: NO_STREAM, hash: GENESIS };

/** `gap`: an event before this one is missing or doubled. `hash`: this event or the one before it was changed. */
export type ChainFaultKind = 'gap' | 'hash';

/**
 * How an event does not fit behind the last one of its stream; undefined when it fits.
 *
 * @param isRewritten whether it is known to have other texts than were recorded: asked when they do not give its hash
 */
export const faultBehind = (
  head: ChainHead,
  event: HashedFields & ChainHead,
  isRewritten: () => boolean = () => false,
): ChainFaultKind | undefined => {
  if (event.revision !== head.revision + 1) return 'gap';
  return eventHash(head.hash, event) === event.hash || isRewritten() ? undefined : 'hash';
};

/** An event that does not fit the chain of its stream. */
export interface ChainFault {
  readonly position: Position;
  readonly stream: string;
  readonly revision: number;
  readonly kind: ChainFaultKind;
}

export interface ChainReport {
  readonly streams: number;
  readonly events: number;
  readonly faults: readonly ChainFault[];
}

/** More faults than this say nothing new. */
const FAULTS_MAX = 1000;

/** Follows the chains of any number of streams. Each event is compared with the stored hash of the one before it, so one change is one fault. */
class ChainChecker {
  private readonly heads = new Map<string, ChainHead>();
  private readonly faults: ChainFault[] = [];
  private events = 0;

  check(event: RecordedEvent): void {
    const { position, stream, revision } = event;
    const kind = faultBehind(this.heads.get(stream) ?? EMPTY_HEAD, event);
    this.events++;
    if (kind !== undefined) this.add({ position, stream, revision, kind });
    this.heads.set(stream, { revision, hash: event.hash });
  }

  report(): ChainReport {
    return { streams: this.heads.size, events: this.events, faults: this.faults };
  }

  private add(fault: ChainFault): void {
    if (this.faults.length < FAULTS_MAX) this.faults.push(fault);
  }
}

/** How many events of a stream {@link verifyStream} holds at once. */
const PAGE_EVENTS = 256;

/** Checks the chain of one stream. */
export const verifyStream = async (ledger: Ledger, stream: string): Promise<ChainReport> => {
  const checker = new ChainChecker();
  for (let from = 0; ;) {
    const page = await ledger.readStream(stream, { from, limit: PAGE_EVENTS });
    for (const event of page) checker.check(event);
    const last = page.at(-1);
    if (last === undefined) return checker.report();
    from = last.revision + 1;
  }
};

/** Checks the chains of all streams (or of those with one of the prefixes) up to the present head. */
export const verifyChain = async (ledger: Ledger, streamPrefixes?: readonly string[]): Promise<ChainReport> => {
  const checker = new ChainChecker();
  for await (const { events } of ledger.readAll(streamPrefixes === undefined ? {} : { streamPrefixes })) {
    for (const event of events) checker.check(event);
  }
  return checker.report();
};
