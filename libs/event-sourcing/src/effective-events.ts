import { BATCH_SEALED, isBatchPart, readSealedParts } from '#ledger/staged-batch.js';
import type { Ledger, RecordedEvent } from '#ledger/ledger.js';
import { cursorAt, type HistoryCursor, HISTORY_START, isBehind } from './history-cursor.js';

/** An event that counts: not a part of a batch that was not sealed, and not the seal of one. */
export interface EffectiveEvent {
  readonly event: RecordedEvent;
  /** Whoever continues behind it misses and repeats nothing. */
  readonly cursor: HistoryCursor;
}

/** A slice of the history, in its order. */
export interface EffectiveBatch {
  readonly events: readonly EffectiveEvent[];
  /** Everything up to here has been delivered. */
  readonly upTo: HistoryCursor;
}

/** So many events are delivered at once at most, or a few more. */
const BATCH_EVENTS = 512;

export interface EffectiveOptions {
  /** Only what is behind this; default {@link HISTORY_START}. */
  readonly after?: HistoryCursor;
  /** Goes on with what happens until it is aborted; without it the reading ends at the head of the ledger. */
  readonly follow?: AbortSignal;
}

/**
 * The history as everybody but services sees it: events in the order in which they took effect. Those of a staged batch come where it was
 * sealed, those of an unsealed one never.
 */
export async function* effectiveEvents(
  ledger: Ledger,
  { after = HISTORY_START, follow }: EffectiveOptions = {},
): AsyncGenerator<EffectiveBatch, void, void> {
  if (after.part !== undefined) {
    const seal = await ledger.eventAt(after.at);
    if (seal === undefined) throw new Error(`The history has no event at ${after.at}`);
    yield* partsOf(ledger, seal, after);
  }
  const source =
    follow === undefined ? ledger.readAll({ after: after.at }) : ledger.subscribe({ after: after.at, signal: follow });
  for await (const batch of source) {
    let events: EffectiveEvent[] = [];
    for (const event of batch.events) {
      if (isBatchPart(event)) continue;
      if (event.type !== BATCH_SEALED) {
        events.push({ event, cursor: cursorAt(event.position) });
        continue;
      }
      const last = events.at(-1);
      if (last !== undefined) yield { events, upTo: last.cursor };
      events = [];
      yield* partsOf(ledger, event);
    }
    yield { events, upTo: cursorAt(batch.upTo) };
  }
}

/** The events of a sealed batch behind a cursor, and the end of the batch. */
async function* partsOf(
  ledger: Ledger,
  seal: RecordedEvent,
  after: HistoryCursor = HISTORY_START,
): AsyncGenerator<EffectiveBatch, void, void> {
  let part = 0;
  let events: EffectiveEvent[] = [];
  for await (const page of readSealedParts(ledger, seal)) {
    for (const event of page) {
      part += 1;
      const cursor = cursorAt(seal.position, part);
      if (isBehind(cursor, after)) events.push({ event, cursor });
    }
    const last = events.at(-1);
    if (events.length < BATCH_EVENTS || last === undefined) continue;
    yield { events, upTo: last.cursor };
    events = [];
  }
  yield { events, upTo: cursorAt(seal.position) };
}
