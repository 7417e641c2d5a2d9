/** An event as the server stores it. */
export interface StoredEvent {
  readonly stream: string;
  readonly revision: number;
  readonly id: string;
  readonly type: string;
  readonly contentType: string;
  readonly data: Uint8Array;
  readonly metadata: Uint8Array;
  /** Commit and prepare position, which are equal. */
  readonly position: number;
}

export type ProposedEvent = Pick<StoredEvent, 'id' | 'type' | 'contentType' | 'data' | 'metadata'>;

/** What an append did; `at` is the index in the log of the last of its events. */
export type AppendResult =
  | { readonly kind: 'appended' | 'repeated'; readonly at: number; readonly last: StoredEvent }
  | { readonly kind: 'wrong revision'; readonly actual: number };

/** What a record in the log takes besides its texts. It only makes positions grow as bytes do. */
const RECORD_BYTES = 200;

/**
 * The log that all nodes of the double share. Events are visible when they are committed, which is some time after they
 * were written.
 */
export class EventStoreDbDoubleLog {
  private readonly events: StoredEvent[] = [];
  private readonly streams = new Map<string, number[]>();
  private readonly listeners = new Set<() => void>();
  private nextPosition = 0;
  private committed = 0;

  constructor() {
    // A new server writes events of its own first.
    for (const type of ['$metadata', '$UserCreated', '$UserCreated']) this.appendSystemEvent(type);
  }

  /** Events from 0 to here are visible. */
  get committedCount(): number {
    return this.committed;
  }

  at(index: number): StoredEvent | undefined {
    return index < this.committed ? this.events[index] : undefined;
  }

  /** Index of the first visible event at or behind a position. */
  indexOf(position: number): number {
    let low = 0;
    let high = this.committed;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.events[middle]?.position ?? 0) < position) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** Whether a reading may begin there: with an event, or behind all of them. */
  isPlace(position: number): boolean {
    const event = this.at(this.indexOf(position));
    return event === undefined || event.position === position;
  }

  /** How many events of a stream are visible. */
  visibleIn(stream: string): number {
    const indexes = this.streams.get(stream) ?? [];
    let count = indexes.length;
    while (count > 0 && (indexes[count - 1] ?? 0) >= this.committed) count--;
    return count;
  }

  /** Events of a stream, in order; all must be visible. */
  streamEvents(stream: string, first: number, behind: number): readonly StoredEvent[] {
    return (this.streams.get(stream) ?? []).slice(first, behind).flatMap((index) => this.at(index) ?? []);
  }

  /** Writes the events, or finds them written. They are not visible yet. */
  append(stream: string, expected: number, proposed: readonly ProposedEvent[]): AppendResult {
    const indexes = this.streams.get(stream) ?? [];
    if (expected !== indexes.length - 1) {
      const standing = indexes.slice(expected + 1, expected + 1 + proposed.length);
      const isRepeat =
        standing.length === proposed.length &&
        standing.every((index, place) => this.events[index]?.id === proposed[place]?.id);
      const at = standing.at(-1);
      const last = at === undefined ? undefined : this.events[at];
      if (!isRepeat || at === undefined || last === undefined) {
        return { kind: 'wrong revision', actual: indexes.length - 1 };
      }
      return { kind: 'repeated', at, last };
    }
    for (const event of proposed) this.write(stream, indexes, event);
    this.streams.set(stream, indexes);
    const at = this.events.length - 1;
    const last = this.events[at];
    if (last === undefined) throw new Error('An append has at least one event');
    return { kind: 'appended', at, last };
  }

  /** Makes everything up to this index visible. */
  commit(index: number): void {
    if (index < this.committed) return;
    this.committed = index + 1;
    for (const listener of this.listeners) listener();
  }

  /** Events such as the server's statistics, which readers of `$all` meet between their own. */
  appendSystemEvent(type = '$statsCollected'): void {
    const stream = type === '$statsCollected' ? '$stats-127.0.0.1:2113' : '$users';
    const indexes = this.streams.get(stream) ?? [];
    this.write(stream, indexes, {
      id: '00000000-0000-4000-8000-000000000000',
      type,
      contentType: 'application/json',
      data: Buffer.from('{}'),
      metadata: new Uint8Array(),
    });
    this.streams.set(stream, indexes);
    this.commit(this.events.length - 1);
  }

  /** Calls the listener after each commit until the returned function is called. */
  onCommit(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  private write(stream: string, indexes: number[], event: ProposedEvent): void {
    const position = this.nextPosition;
    this.nextPosition += RECORD_BYTES + event.data.length + event.metadata.length;
    indexes.push(this.events.length);
    this.events.push({ ...event, stream, revision: indexes.length - 1, position });
  }
}
