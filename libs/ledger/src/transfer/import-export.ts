import { type ChainFault, ChainChecker } from '../hash-chain.js';
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
 * twice: nothing is stored before the whole of it was found right.
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

const FAULTS: Readonly<Record<ChainFault['kind'], string>> = {
  gap: 'does not follow the event before it in its stream',
  hash: 'does not fit the chain of hashes: it or the event before it in its stream was changed before the export',
};

/** How many events the file has, when it is whole and they fit, and what it says of rewritten ones. */
const checked = async (file: string): Promise<{ readonly events: number; readonly rewrites: Rewrites }> => {
  const source = exportSource(file);
  const rewrites = await Rewrites.in(source);
  const tree = new ChainChecker(rewrites.isRewritten);
  let events = 0;
  for await (const slice of source.all()) {
    for (const event of slice) tree.check({ ...event, position: ++events });
    const [fault] = tree.report().faults;
    if (fault === undefined) continue;
    throw new TransferError(
      `event ${fault.position} of the file, event ${fault.revision} of ${fault.stream}, ${FAULTS[fault.kind]}`,
    );
  }
  return { events, rewrites };
};

/** Only events that a record names are looked at twice. */
const marked = (event: ExportedEvent, rewrites: Rewrites): TransferredEvent =>
  rewrites.isRewritten(event.number, event) ? { ...event, isRewritten: true } : event;

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
