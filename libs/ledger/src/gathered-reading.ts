import type { ReceivedEvent } from './eventstoredb-message.js';
import type { Position } from './ledger.js';
import { union, type Wanted } from './stream-filter.js';
import { Waiter } from './waiter.js';

/** Events as they came, in order. Everything wanted up to `upTo` has come. */
export interface ReceivedBatch {
  readonly received: readonly ReceivedEvent[];
  readonly upTo: Position;
}

/** A reading is put off until nobody has joined it for this time: the read models of a process start one after the other. */
const GATHER_MS = 50;

/** By how many batches, which are bounded, the reading may be ahead of its slowest reader: bounds the memory. */
const BATCHES_AHEAD_MAX = 8;

/** One of those who share a reading, with what it has not taken yet. */
interface Reader {
  readonly batches: ReceivedBatch[];
  readonly waiter: Waiter;
}

/** One reading, and those who joined it before it began. */
class Reading {
  private readonly readers = new Set<Reader>();
  private readonly joined = new Waiter();
  private readonly room = new Waiter();
  private wanted: Wanted = [];
  private end: { readonly fault?: unknown } | undefined;

  join(streamPrefixes: Wanted): Reader {
    const reader = { batches: [], waiter: new Waiter() };
    this.readers.add(reader);
    this.wanted = union(this.wanted, streamPrefixes);
    this.joined.wake();
    return reader;
  }

  async *read(reader: Reader): AsyncGenerator<ReceivedBatch, void, void> {
    try {
      for (;;) {
        const batch = reader.batches.shift();
        if (batch !== undefined) {
          this.room.wake();
          yield batch;
        } else if (this.end === undefined) {
          await reader.waiter.wait();
        } else {
          if ('fault' in this.end) throw this.end.fault;
          return;
        }
      }
    } finally {
      this.readers.delete(reader);
      this.room.wake();
    }
  }

  /** Resolves when nobody has joined for a while. */
  async gathered(): Promise<void> {
    while (await this.joined.wait(GATHER_MS));
  }

  /** Reads until the end, or until everybody has left. Never rejects. */
  async run(open: (wanted: Wanted) => AsyncIterable<ReceivedBatch>): Promise<void> {
    try {
      for await (const batch of open(this.wanted)) {
        for (const { batches, waiter } of this.readers) {
          batches.push(batch);
          waiter.wake();
        }
        while (this.isFarAhead()) await this.room.wait();
        if (this.readers.size === 0) break;
      }
      this.end = {};
    } catch (fault) {
      this.end = { fault };
    }
    for (const { waiter } of this.readers) waiter.wake();
  }

  private isFarAhead(): boolean {
    for (const { batches } of this.readers) if (batches.length >= BATCHES_AHEAD_MAX) return true;
    return false;
  }
}

/**
 * Readings that begin at the same place at about the same time are made as one, as those of a process that makes all its read
 * models again: what several of them want is sent and decoded once. It goes as fast as the slowest reader.
 */
export class GatheredReading {
  private next: Reading | undefined;

  constructor(private readonly open: (wanted: Wanted) => AsyncIterable<ReceivedBatch>) {}

  /** May bring events that only others want. */
  read(streamPrefixes: Wanted): AsyncIterable<ReceivedBatch> {
    const reading = (this.next ??= this.gather());
    return reading.read(reading.join(streamPrefixes));
  }

  private gather(): Reading {
    const reading = new Reading();
    void reading.gathered().then(() => {
      this.next = undefined;
      return reading.run(this.open);
    });
    return reading;
  }
}
