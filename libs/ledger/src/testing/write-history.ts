/**
 * Appends to streams of its own, now and then a staged batch, until it is killed. Started again, it goes on where the ledger is: the server that
 * `EVENTSTORE_URL` names, or the SQLite file in the data folder.
 * `write-history.js <data folder> <name>`
 */
import { setTimeout as delay } from 'node:timers/promises';
import { type NewEvent, NO_STREAM } from '../ledger.js';
import { openLedger } from '../open-ledger.js';
import { abandonUnsealed, appendStaged } from '../staged-batch.js';
import { someEvent, someMetadata } from './new-events.js';

const EVENTS_MAX = 4;
const PAUSE_MS_MAX = 100;
/** One append in so many is a batch, of more than one append holds. */
const BATCH_EVERY = 100;
const BATCH_EVENTS = 12;
const BATCH_EVENT_BYTES = 100_000;

const [dataDir = '', name = ''] = process.argv.slice(2);

const ledger = await openLedger({ dataDir, eventStoreUrl: process.env['EVENTSTORE_URL'] });

const amended = (bytes: number): NewEvent => ({
  ...someEvent({ units: [[Math.floor(Math.random() * 10), 10]], fields: JSON.stringify({ note: 'n'.repeat(bytes) }) }),
  type: 'UnitAmended',
});

const many = (count: number, bytes: number): readonly NewEvent[] => Array.from({ length: count }, () => amended(bytes));

const write = async (stream: string): Promise<void> => {
  await abandonUnsealed(ledger, stream, someMetadata());
  const [last] = await ledger.readStream(stream, { direction: 'backwards', limit: 1 });
  for (let revision = last?.revision ?? NO_STREAM; ;) {
    const events = many(1 + Math.floor(Math.random() * EVENTS_MAX), 10);
    ({ revision } = await (Math.random() < 1 / BATCH_EVERY
      ? appendStaged(ledger, stream, revision, many(BATCH_EVENTS, BATCH_EVENT_BYTES), `${stream} ${revision}`)
      : ledger.append(stream, revision, events)));
    await delay(Math.random() * PAUSE_MS_MAX);
  }
};

await Promise.all(['work', 'worker', 'directory'].map((category) => write(`${category}-iceprod.main.${name}`)));
