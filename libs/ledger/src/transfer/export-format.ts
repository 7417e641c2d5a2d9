/**
 * A ledger as a file of JSON lines: a header, a line for each event in the order of the ledger, and after every
 * {@link EVENTS_PER_CHECKSUM} events and at the end a line with the SHA-256 of the file so far. Nothing in it depends on where
 * or when it was written, so the same events always give the same file.
 */
import { createHash, type Hash } from 'node:crypto';
import type { RecordedEvent } from '../ledger.js';

export const HEADER_LINE = '{"format":"cairn-ledger","version":1}';

export const EVENTS_PER_CHECKSUM = 1000;

/** Longer than the line of any event: control characters of its texts take six characters each. */
export const LINE_BYTES_MAX = 4 * 1024 * 1024;

/** An event as a line of an export shows it. */
export interface ExportedEvent extends Omit<RecordedEvent, 'position'> {
  /** Place in the whole ledger: 1, 2, 3 ... */
  readonly number: number;
}

/** What the lines of events begin with, and no other line. */
export const EVENT_LINE_BEGIN = '{"number":';

export const eventLine = (number: number, event: Omit<RecordedEvent, 'position'>): string => {
  const { stream, revision, id, type, data, metadata, hash } = event;
  return JSON.stringify({ number, stream, revision, id, type, data, metadata, hash } satisfies ExportedEvent);
};

/** The SHA-256 of all bytes that a file has so far. */
export class RunningChecksum {
  constructor(private readonly hash: Hash = createHash('sha256')) {}

  update(bytes: Uint8Array): void {
    this.hash.update(bytes);
  }

  copy(): RunningChecksum {
    return new RunningChecksum(this.hash.copy());
  }

  /** The line behind so many events. */
  line(events: number): string {
    return JSON.stringify({ events, sha256: this.hex() });
  }

  /** The last line of a file of so many events. */
  lastLine(events: number): string {
    return JSON.stringify({ events, sha256: this.hex(), end: true });
  }

  private hex(): string {
    return this.hash.copy().digest('hex');
  }
}
