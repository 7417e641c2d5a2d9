import { createWriteStream } from 'node:fs';
import { rename, rm, stat, truncate } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { PRIVATE_FILE } from '#platform/private-files.js';
import { type Ledger, type Position, type RecordedEvent, START } from '../ledger.js';
import { ledgerSource } from '../proof/event-source.js';
import { Rewrites } from '../rewrite/rewrites.js';
import { compressionOf } from './compression.js';
import { DamagedExport } from './damaged-export.js';
import { EVENTS_PER_CHECKSUM, eventLine, HEADER_LINE, RunningChecksum } from './export-format.js';
import { ExportReader } from './read-export.js';
import { TransferError } from './transfer-error.js';

/** What is written at once. */
const CHUNK_CHARACTERS = 64 * 1024;

export interface ExportReport {
  readonly events: number;
  /** How many of them the file held before. */
  readonly kept: number;
}

/** Where an export goes on. */
interface Standing {
  readonly events: number;
  readonly bytes: number;
  readonly checksum: RunningChecksum;
  readonly after: Position;
}

const NOTHING_YET = (): Standing => ({ events: 0, bytes: 0, checksum: new RunningChecksum(), after: START });

/**
 * Writes all events that the ledger has into a file, compressed when its name ends in `.gz` or `.zst`. A file of an earlier export is
 * taken on behind its last checksum, if the ledger holds its events; a compressed one is not: it gets its name when it is whole.
 *
 * @throws TransferError when the file holds something else
 */
export const exportLedger = async (ledger: Ledger, file: string): Promise<ExportReport> => {
  const compression = compressionOf(file);
  if (compression === undefined) {
    const standing = await standingOf(ledger, file);
    // Behind the last checksum there may be anything: a half of a line, or the end of an export that now has more to come.
    if (standing.bytes > 0) await truncate(file, standing.bytes);
    const text = new ExportText(standing);
    const flags = standing.bytes > 0 ? 'a' : 'w';
    await pipeline(text.write(ledger), createWriteStream(file, { flags, mode: PRIVATE_FILE, flush: true }));
    return { events: text.events, kept: standing.events };
  }
  if (await exists(file)) throw new TransferError(`${file} is there already, and a compressed export cannot go on`);
  const unfinished = `${file}.unfinished`;
  const text = new ExportText(NOTHING_YET());
  const target = createWriteStream(unfinished, { mode: PRIVATE_FILE, flush: true });
  try {
    await pipeline(text.write(ledger), compression.compress(), target);
    await rename(unfinished, file);
  } catch (error) {
    await rm(unfinished, { force: true });
    throw error;
  }
  return { events: text.events, kept: 0 };
};

/** Makes the text of an export. */
class ExportText {
  events: number;
  private readonly checksum: RunningChecksum;
  private text = '';

  constructor(private readonly standing: Standing) {
    this.events = standing.events;
    this.checksum = standing.checksum;
  }

  async *write(ledger: Ledger): AsyncGenerator<Uint8Array, void, void> {
    if (this.standing.bytes === 0) this.text = `${HEADER_LINE}\n`;
    for await (const { events } of ledger.readAll({ after: this.standing.after })) {
      for (const event of events) {
        this.text += `${eventLine(++this.events, event)}\n`;
        const isChecksumDue = this.events % EVENTS_PER_CHECKSUM === 0;
        if (isChecksumDue || this.text.length > CHUNK_CHARACTERS) yield this.take();
        if (isChecksumDue) this.text = `${this.checksum.line(this.events)}\n`;
      }
    }
    yield this.take();
    this.text = `${this.checksum.lastLine(this.events)}\n`;
    yield this.take();
  }

  private take(): Uint8Array {
    const bytes = Buffer.from(this.text);
    this.text = '';
    this.checksum.update(bytes);
    return bytes;
  }
}

const exists = (file: string): Promise<boolean> =>
  stat(file).then(
    () => true,
    () => false,
  );

const standingOf = async (ledger: Ledger, file: string): Promise<Standing> => {
  if (!(await exists(file))) return NOTHING_YET();
  const reader = new ExportReader(file);
  const rewrites = await Rewrites.in(ledgerSource(ledger));
  let outdated = Infinity;
  try {
    for await (const slice of reader.read()) {
      const found = slice.find((event) => rewrites.isOutdated(event.number, event));
      outdated = Math.min(outdated, found?.number ?? Infinity);
    }
  } catch (error) {
    if (!(error instanceof DamagedExport)) throw error;
    // A killed export ends anywhere. What is no export at all is not overwritten.
    if (error.line === 1 && (await stat(file)).size > HEADER_LINE.length) throw new TransferError(error.message);
  }
  const { verified } = reader;
  if (verified?.last === undefined) return NOTHING_YET();
  const { events, bytes, checksum, last } = verified;
  const here = await sameEvent(ledger, last);
  if (here === undefined) {
    throw new TransferError(`${file} is an export of another ledger: this one does not hold its event ${events}`);
  }
  if (outdated <= events) {
    throw new TransferError(
      `${file} was written before a name in it was replaced by a pseudonym: delete it, and export the ledger anew`,
    );
  }
  return { events, bytes, checksum, after: here.position };
};

/** Its hash tells everything before it in its stream. */
const sameEvent = async (
  ledger: Ledger,
  { stream, revision, hash }: Pick<RecordedEvent, 'stream' | 'revision' | 'hash'>,
): Promise<RecordedEvent | undefined> => {
  const [event] = await ledger.readStream(stream, { from: revision, limit: 1 });
  return event?.hash === hash ? event : undefined;
};
