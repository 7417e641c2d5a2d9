import { type ChainFaultKind, type ChainHead, EMPTY_HEAD, faultBehind } from '../hash-chain.js';
import type { Ledger, RecordedEvent, TransferredEvent } from '../ledger.js';
import { Rewrites } from '../rewrite/rewrites.js';
import { bytesInAppend } from '../serialized-event.js';
import type { ExportedEvent } from './export-format.js';
import { exportSource } from './export-source.js';
import { readExport } from './read-export.js';
import { TransferError } from './transfer-error.js';

/** What is stored at once. */
const EVENTS_PER_APPEND = 1000;
const BYTES_PER_APPEND = 512 * 1024;

export interface ImportReport {
  readonly events: number;
  /** How many of them the ledger held before. */
  readonly kept: number;
}

/**
 * Brings the events of an export into a ledger that is empty or holds the first of them, as a killed import leaves it. The file is read
 * twice: nothing is stored before the whole of it was found right. Once more, when texts in it were rewritten.
 *
 * @throws TransferError, and what {@link Ledger.appendRecorded} throws
 */
export const importExport = async (file: string, ledger: Ledger): Promise<ImportReport> => {
  const { events, rewrites } = await checked(file);
  let appended = 0;
  let appending = Promise.resolve<unknown>(undefined);
  for await (const chunk of inChunks(eventsMissingIn(ledger, file))) {
    // The next events are read while these are stored.
    await appending;
    appending = ledger.appendRecorded(chunk.map((event) => marked(event, rewrites)));
    // Somebody waits for it later.
    appending.catch(() => undefined);
    appended += chunk.length;
  }
  await appending;
  return { events, kept: events - appended };
};

const FAULTS: Readonly<Record<ChainFaultKind, string>> = {
  gap: 'does not follow the event before it in its stream',
  hash: 'does not fit the chain of hashes: it or the event before it in its stream was changed before the export',
};

interface Checked {
  readonly events: number;
  /** What the file says of rewritten events, if there are any. */
  readonly rewrites: Rewrites | undefined;
}

/** Checks that the file is whole and that its events fit. */
const checked = async (file: string): Promise<Checked> => {
  const heads = new Map<string, ChainHead>();
  let rewrites: Rewrites | undefined;
  let events = 0;
  for await (const slice of readExport(file)) {
    for (const event of slice) {
      const { number, stream, revision, hash } = event;
      const fault = faultBehind(heads.get(stream) ?? EMPTY_HEAD, event);
      if (fault !== undefined) {
        // The record of a rewritten event comes behind it. To look for it reads the whole file, and finds it damaged if it is.
        rewrites ??= await Rewrites.in(exportSource(file));
        if (fault === 'gap' || !rewrites.isRewritten(number, event)) {
          throw new TransferError(`event ${number} of the file, event ${revision} of ${stream}, ${FAULTS[fault]}`);
        }
      }
      heads.set(stream, { revision, hash });
      events = number;
    }
  }
  return { events, rewrites };
};

/** Only events that a record names are looked at twice. */
const marked = (event: ExportedEvent, rewrites: Rewrites | undefined): TransferredEvent =>
  rewrites?.isRewritten(event.number, event) === true ? { ...event, isRewritten: true } : event;

/** The events of the file that the ledger does not hold yet. Those that it holds are compared with those of the file. */
async function* eventsMissingIn(ledger: Ledger, file: string): AsyncGenerator<ExportedEvent, void, void> {
  const held = eventsOf(ledger);
  let next = await held.next();
  for await (const slice of readExport(file)) {
    for (const event of slice) {
      if (next.done === true) yield event;
      else {
        if (!isSame(next.value, event)) throw new TransferError(otherLedger(event.number));
        next = await held.next();
      }
    }
  }
  if (next.done !== true) throw new TransferError('the ledger holds these events and more: it has gone on since');
}

async function* eventsOf(ledger: Ledger): AsyncGenerator<RecordedEvent, void, void> {
  for await (const { events } of ledger.readAll()) yield* events;
}

const otherLedger = (number: number): string =>
  `the ledger holds something else than the file, from event ${number} on: expected an empty one, or one that holds the first events of the file`;

const isSame = (held: RecordedEvent, event: ExportedEvent): boolean =>
  held.stream === event.stream &&
  held.revision === event.revision &&
  held.id === event.id &&
  held.type === event.type &&
  held.data === event.data &&
  held.metadata === event.metadata &&
  held.hash === event.hash;

async function* inChunks(events: AsyncIterable<ExportedEvent>): AsyncGenerator<readonly ExportedEvent[], void, void> {
  let chunk: ExportedEvent[] = [];
  let bytes = 0;
  for await (const event of events) {
    chunk.push(event);
    bytes += bytesInAppend(event);
    if (chunk.length < EVENTS_PER_APPEND && bytes < BYTES_PER_APPEND) continue;
    yield chunk;
    chunk = [];
    bytes = 0;
  }
  if (chunk.length > 0) yield chunk;
}
