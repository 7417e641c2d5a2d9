import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { type NewEvent, NO_STREAM } from '#ledger/ledger.js';
import { serializeAll } from '#ledger/serialized-event.js';
import { openLedgerFile } from '#ledger/sqlite-file.js';
import { SqliteWriter } from '#ledger/sqlite-writer.js';
import { keepNewFilesPrivate } from '#platform/private-files.js';

export const START_MICROS = 1_764_000_000_000_000;

const EVENTS_TOGETHER = 250;

/** @param number of the event in the history: one is recorded each millisecond */
export const eventOf = (type: string, data: object, number = 0, actor = 'bench'): NewEvent => {
  const request = randomUUID();
  return {
    ...{ id: randomUUID(), type, data },
    metadata: {
      timeMicros: START_MICROS + number * 1000,
      ...{ actor, dialect: 'iceprod', correlationId: request, causationId: request, schemaVersion: 1 },
    },
  };
};

export interface Append {
  readonly stream: string;
  readonly expectedRevision: number;
  readonly events: readonly NewEvent[];
}

/**
 * Writes the ledger of a data folder that nobody uses: what Cairn would write, but without waiting for the disk, so that ten million events
 * take minutes.
 */
export const writeLedger = (dataDir: string, appends: Iterable<Append>): void => {
  keepNewFilesPrivate();
  const database = openLedgerFile(join(dataDir, 'ledger.sqlite'));
  try {
    database.exec('PRAGMA synchronous = OFF');
    const writer = new SqliteWriter(database, () => {
      throw new Error('Another process uses the ledger');
    });
    for (const { stream, expectedRevision, events } of appends) {
      const { serialized, bytes } = serializeAll(stream, events);
      const texts = serialized.flatMap(({ id, type, data, metadata }) => [id, type, data, metadata]);
      const [answer] = writer.commitGroup([{ stream, expectedRevision, sinceMs: Date.now(), bytes, texts }]);
      if (answer?.kind !== 'appended') throw new Error(`An append was not written: ${JSON.stringify(answer)}`);
      writer.checkpointIfDue();
    }
  } finally {
    database.close();
  }
};

/** Appends of events of units of many datasets. */
export function* appendsOf(
  events: number,
  streams: number,
  eventAt: (number: number) => NewEvent,
): Generator<Append, void, void> {
  let written = 0;
  for (let expectedRevision = NO_STREAM; written < events; expectedRevision += EVENTS_TOGETHER) {
    for (let stream = 0; stream < streams && written < events; stream += 1) {
      const some = Array.from({ length: EVENTS_TOGETHER }, (_, at) => eventAt(written + at));
      written += EVENTS_TOGETHER;
      yield { stream: `work-iceprod.main.dataset-${stream}`, expectedRevision, events: some };
    }
  }
}
