import { setImmediate as eventLoopTurn } from 'node:timers/promises';
import { RevisionConflict } from './errors.js';
import { eventId } from './event-id.js';
import {
  APPEND_BYTES_MAX,
  type Appended,
  type EventMetadata,
  type Ledger,
  type NewEvent,
  NO_STREAM,
  type RecordedEvent,
} from './ledger.js';
import { measure } from './serialized-event.js';

export const BATCH_SEALED = 'BatchSealed';
export const BATCH_ABANDONED = 'BatchAbandoned';

/** Makes the parts before it effective: the events from `firstRevision` up to this one. */
export interface BatchSealed {
  readonly batchId: string;
  readonly firstRevision: number;
  /** How many appends the parts are. */
  readonly parts: number;
}

/** The parts of this batch never take effect: their owner died before it sealed them. */
export interface BatchAbandoned {
  readonly batchId: string;
  readonly firstRevision: number;
}

/** How many events are read back at once. */
const PAGE_EVENTS = 64;
/** How often another owner may come first before {@link abandonUnsealed} gives up. */
const ABANDON_ATTEMPTS_MAX = 5;

/**
 * Appends a change that is too large for one append, all or nothing: parts, each an append of its own, that nobody heeds
 * until the last event, `BatchSealed`, makes them effective. Repeated with the same events and batch id, whether with the
 * first expected revision or with that of the parts already appended, it continues where it stopped.
 *
 * @throws what {@link Ledger.append} throws; RevisionConflict also when others have appended between the parts
 */
export const appendStaged = async (
  ledger: Ledger,
  stream: string,
  expectedRevision: number,
  events: readonly NewEvent[],
  batchId: string,
): Promise<Appended> => {
  const parts = await splitIntoParts(stream, events, batchId);
  const metadata = events[0]?.metadata;
  if (metadata === undefined) throw new TypeError('A staged batch has at least one event');

  const standing = await standingEnd(ledger, stream, expectedRevision, batchId);
  if (standing.sealed !== undefined) return standing.sealed;
  let revision = standing.revisionBefore;
  const firstRevision = revision + 1;
  for (const part of parts) {
    // Parts that were appended before are recognized by the ledger and answered as the first time.
    ({ revision } = await ledger.append(stream, revision, part));
  }
  const data: BatchSealed = { batchId, firstRevision, parts: parts.length };
  return ledger.append(stream, revision, [
    { id: sealId(batchId), type: BATCH_SEALED, data, metadata: { ...metadata, schemaVersion: 1 } },
  ]);
};

/** Id of the event that seals a batch. */
export const sealId = (batchId: string): string => eventId(batchId, 'sealed');

/** Cuts the events into appends, the same ones for the same events, so that a repeat matches what was appended. */
const splitIntoParts = async (
  stream: string,
  events: readonly NewEvent[],
  batchId: string,
): Promise<readonly (readonly NewEvent[])[]> => {
  const parts: NewEvent[][] = [];
  let bytes = APPEND_BYTES_MAX;
  for (const event of events) {
    // All are measured before the first is appended: one that is too large must not leave a torn batch. Measured with the
    // longest part number there can be, as the number is not known yet.
    const eventBytes = measure(stream, staged(event, batchId, events.length));
    if (bytes + eventBytes > APPEND_BYTES_MAX) {
      await eventLoopTurn();
      parts.push([]);
      bytes = 0;
    }
    bytes += eventBytes;
    parts.at(-1)?.push(staged(event, batchId, parts.length - 1));
  }
  return parts;
};

const staged = (event: NewEvent, id: string, part: number): NewEvent => ({
  ...event,
  metadata: { ...event.metadata, batch: { id, part } },
});

interface StandingEnd {
  /** Revision before the parts of this batch that end at the expected revision, or the expected revision itself. */
  readonly revisionBefore: number;
  /** The answer of the first time, if the batch is sealed. */
  readonly sealed?: Appended;
}

const standingEnd = async (
  ledger: Ledger,
  stream: string,
  expectedRevision: number,
  batchId: string,
): Promise<StandingEnd> => {
  if (expectedRevision === NO_STREAM) return { revisionBefore: NO_STREAM };
  const [last] = await ledger.readStream(stream, { from: expectedRevision, direction: 'backwards', limit: 1 });
  if (last?.revision !== expectedRevision) return { revisionBefore: expectedRevision };
  if (last.type === BATCH_SEALED && parseData(last)['batchId'] === batchId) {
    return { revisionBefore: expectedRevision, sealed: { revision: last.revision, position: last.position } };
  }
  return { revisionBefore: (await firstRevisionOfTail(ledger, stream, last, batchId)) - 1 };
};

/** Where the parts of a batch that end with `last` begin; behind `last` when it is no part of it. */
const firstRevisionOfTail = async (
  ledger: Ledger,
  stream: string,
  last: RecordedEvent,
  batchId: string,
): Promise<number> => {
  let first = last.revision + 1;
  while (first > 0) {
    const page = await ledger.readStream(stream, { from: first - 1, direction: 'backwards', limit: PAGE_EVENTS });
    for (const event of page) {
      if (batchOf(event)?.id !== batchId) return first;
      first = event.revision;
    }
    if (page.length === 0) return first;
  }
  return first;
};

/** Where the batch begins that an event is a part of; behind the event when it is no part. */
export const firstRevisionOfBatch = async (ledger: Ledger, stream: string, event: RecordedEvent): Promise<number> => {
  const batch = batchOf(event);
  return batch === undefined ? event.revision + 1 : firstRevisionOfTail(ledger, stream, event, batch.id);
};

/**
 * Whether an event is part of a staged batch, without parsing it: most are not. Quotes inside texts are escaped, so this
 * finds nothing else.
 */
export const isBatchPart = ({ metadata }: RecordedEvent): boolean => metadata.includes('"batch":{');

/** The batch whose part an event is. */
export const batchOf = (event: RecordedEvent): EventMetadata['batch'] =>
  isBatchPart(event) ? (JSON.parse(event.metadata) as EventMetadata).batch : undefined;

/**
 * Abandons the batch whose parts are the end of a stream: to be called by the owner of the stream when it starts, or
 * finds parts that it does not want to finish. Another owner that still works on the batch loses: its next part meets a
 * wrong revision. Resolves with nothing when the stream does not end with parts.
 */
export const abandonUnsealed = async (
  ledger: Ledger,
  stream: string,
  metadata: EventMetadata,
): Promise<Appended | undefined> => {
  for (let attempt = 1; ; attempt++) {
    const [last] = await ledger.readStream(stream, { direction: 'backwards', limit: 1 });
    const batch = last === undefined ? undefined : batchOf(last);
    if (last === undefined || batch === undefined) return undefined;
    const firstRevision = await firstRevisionOfTail(ledger, stream, last, batch.id);
    const data: BatchAbandoned = { batchId: batch.id, firstRevision };
    const id = eventId(batch.id, `abandoned-${last.revision}`);
    try {
      return await ledger.append(stream, last.revision, [{ id, type: BATCH_ABANDONED, data, metadata }]);
    } catch (error) {
      if (!(error instanceof RevisionConflict) || attempt >= ABANDON_ATTEMPTS_MAX) throw error;
    }
  }
};

/** The events that a `BatchSealed` makes effective, in order, a page at a time. */
export async function* readSealedParts(
  ledger: Ledger,
  sealed: RecordedEvent,
): AsyncGenerator<readonly RecordedEvent[], void, void> {
  const { firstRevision } = parseData(sealed) as { firstRevision: number };
  for (let from = firstRevision; from < sealed.revision;) {
    const limit = Math.min(PAGE_EVENTS, sealed.revision - from);
    const page = await ledger.readStream(sealed.stream, { from, limit });
    const last = page.at(-1);
    if (last === undefined)
      throw new Error(`Parts of the batch sealed at ${sealed.stream} ${sealed.revision} are missing`);
    yield page;
    from = last.revision + 1;
  }
}

const parseData = (event: RecordedEvent): Record<string, unknown> => JSON.parse(event.data) as Record<string, unknown>;
