import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream';
import { isObject, valueIn } from '#platform/json-object.js';
import { compressionOf } from './compression.js';
import { DamagedExport } from './damaged-export.js';
import {
  EVENT_LINE_BEGIN,
  EVENTS_PER_CHECKSUM,
  type ExportedEvent,
  HEADER_LINE,
  LINE_BYTES_MAX,
  RunningChecksum,
} from './export-format.js';

/** Some hundreds of events: parsed in about a millisecond. */
const CHUNK_BYTES = 256 * 1024;

const LINE_FEED = 10;

const NO_EXPORT = `this is no export of a ledger: expected ${HEADER_LINE}`;

/** How far an export is whole: behind a checksum that is right. */
export interface VerifiedPart {
  readonly events: number;
  /** Of the file, when it is not compressed. */
  readonly bytes: number;
  readonly checksum: RunningChecksum;
  readonly last: ExportedEvent | undefined;
}

/** Reads an export from its beginning. */
export class ExportReader {
  private part: VerifiedPart | undefined;
  private isWhole = false;
  private lines = 0;
  private events = 0;
  private bytes = 0;
  private last: ExportedEvent | undefined;
  private readonly checksum = new RunningChecksum();

  constructor(private readonly file: string) {}

  /** What was found whole so far, up to the last line that another event could follow. */
  get verified(): VerifiedPart | undefined {
    return this.part;
  }

  /**
   * The events, in slices. They come before the checksum behind them was read: who stores them reads the file twice.
   *
   * @throws DamagedExport at the first line that does not fit, or when the end is missing
   */
  async *read(): AsyncGenerator<readonly ExportedEvent[], void, void> {
    let rest: Buffer = Buffer.alloc(0);
    for await (const chunk of this.chunks()) {
      const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
      const events: ExportedEvent[] = [];
      let start = 0;
      for (let end = bytes.indexOf(LINE_FEED); end >= 0; end = bytes.indexOf(LINE_FEED, start)) {
        const event = this.take(bytes.subarray(start, end + 1));
        if (event !== undefined) events.push(event);
        start = end + 1;
      }
      rest = bytes.subarray(start);
      if (events.length > 0) yield events;
      if (rest.length > LINE_BYTES_MAX) throw this.damaged('the line is too long');
    }
    if (rest.length > 0) throw this.damaged(this.lines === 0 ? NO_EXPORT : 'the line is cut off');
    if (!this.isWhole) throw this.damaged(`the end is missing: the file stops behind event ${this.events}`);
  }

  private async *chunks(): AsyncGenerator<Buffer, void, void> {
    const file = createReadStream(this.file, { highWaterMark: CHUNK_BYTES });
    const compression = compressionOf(this.file);
    const source = compression === undefined ? file : pipeline(file, compression.decompress(), () => undefined);
    try {
      for await (const chunk of source) yield chunk as Buffer;
    } catch (error) {
      if (compression === undefined || isFileError(error)) throw error;
      throw this.damaged('what follows cannot be decompressed', error);
    }
  }

  /** @param line with its line feed */
  private take(line: Buffer): ExportedEvent | undefined {
    const text = line.toString('utf8', 0, line.length - 1);
    const event = this.lines > 0 && text.startsWith(EVENT_LINE_BEGIN) ? this.eventIn(text) : undefined;
    const isChecksum = event === undefined && this.lines > 0;
    if (this.lines === 0 && text !== HEADER_LINE) throw this.damaged(NO_EXPORT);
    if (isChecksum) this.checkSum(text);
    this.lines++;
    this.bytes += line.length;
    this.checksum.update(line);
    if (isChecksum && !this.isWhole) {
      this.part = { events: this.events, bytes: this.bytes, checksum: this.checksum.copy(), last: this.last };
    }
    return event;
  }

  private checkSum(text: string): void {
    if (this.isWhole) throw this.damaged('something follows the end');
    this.isWhole = text === this.checksum.lastLine(this.events);
    if (!this.isWhole && (!this.isChecksumDue() || text !== this.checksum.line(this.events))) {
      throw this.damaged('the lines before it were changed since they were written, or this one was');
    }
  }

  /** Between the events of two checksums there may be none. */
  private isChecksumDue(): boolean {
    return this.events % EVENTS_PER_CHECKSUM === 0 && this.events > (this.part?.events ?? 0);
  }

  private eventIn(text: string): ExportedEvent {
    if (this.isWhole) throw this.damaged('something follows the end');
    if (this.isChecksumDue()) throw this.damaged('a checksum is missing before it');
    const event = valueIn(text);
    if (!isExportedEvent(event)) throw this.damaged('it is no event');
    if (event.number !== this.events + 1) throw this.damaged(`expected event number ${this.events + 1}`);
    this.events++;
    this.last = event;
    return event;
  }

  private damaged(reason: string, cause?: unknown): DamagedExport {
    return new DamagedExport(this.file, this.lines + 1, reason, cause);
  }
}

/** @throws what {@link ExportReader.read} throws */
export const readExport = (file: string): AsyncGenerator<readonly ExportedEvent[], void, void> =>
  new ExportReader(file).read();

const isFileError = (error: unknown): boolean => error instanceof Error && 'syscall' in error;

const TEXT_MEMBERS = ['stream', 'id', 'type', 'data', 'metadata', 'hash'] as const;
const NUMBER_MEMBERS = ['number', 'revision'] as const;

const isExportedEvent = (value: unknown): value is ExportedEvent =>
  isObject(value) &&
  TEXT_MEMBERS.every((name) => typeof value[name] === 'string') &&
  NUMBER_MEMBERS.every((name) => Number.isSafeInteger(value[name]));
