import { randomUUID } from 'node:crypto';
import { type Ledger, type NewEvent, NO_STREAM } from '#ledger/ledger.js';

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

/** Appends events of units of many datasets. */
export const fillLedger = async (
  ledger: Ledger,
  events: number,
  streams: number,
  eventAt: (number: number) => NewEvent,
): Promise<void> => {
  let written = 0;
  for (let revision = NO_STREAM; written < events; revision += EVENTS_TOGETHER) {
    const appends: Promise<unknown>[] = [];
    for (let stream = 0; stream < streams && written < events; stream += 1) {
      const some = Array.from({ length: EVENTS_TOGETHER }, (_, at) => eventAt(written + at));
      written += EVENTS_TOGETHER;
      appends.push(ledger.append(`work-iceprod.main.dataset-${stream}`, revision, some));
    }
    await Promise.all(appends);
  }
};
