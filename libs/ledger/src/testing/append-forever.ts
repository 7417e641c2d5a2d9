/**
 * Appends to a ledger file with several appenders until it is killed or its time is over.
 * `append-forever.js <file> <stream prefix> <appenders> <seconds> report|acknowledge`
 *
 * acknowledge: writes `<stream> <revision>` for each append that was answered, before the next one.
 * report: writes `{appends, followed, stallMs}` at the end.
 */
import { writeSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { NO_STREAM } from '../ledger.js';
import { SqliteLedger } from '../sqlite-ledger.js';
import { watchStalls } from './stalls.js';
import { someEvent } from './new-events.js';

/** Starting up (loading, compiling) is not what is measured. */
const WARM_UP_MS = 500;

const [file = '', prefix = '', appenders = '1', seconds = '1', mode = 'report'] = process.argv.slice(2);

const ledger = await SqliteLedger.open(file);
let appends = 0;
let over = false;

const appendForever = async (stream: string): Promise<void> => {
  for (let revision = NO_STREAM; !over; appends++) {
    ({ revision } = await ledger.append(stream, revision, [someEvent({ appends, worker: 'w'.repeat(100) })]));
    if (mode === 'acknowledge') writeSync(1, `${stream} ${revision}\n`);
  }
};

// As services do, it also follows what all of them append.
const follow = async (): Promise<void> => {
  for await (const batch of ledger.subscribe()) followed += batch.events.length;
};
let followed = 0;
const following = follow();

const running = Array.from({ length: Number(appenders) }, (_, index) => appendForever(`${prefix}${index}`));
await delay(WARM_UP_MS);
const stalls = watchStalls();
appends = 0;
await delay(Number(seconds) * 1000);
over = true;
const report = { appends, followed, stallMs: stalls.longestMs() };
await Promise.all(running);
await ledger.close();
await following;
if (mode === 'report') writeSync(1, JSON.stringify(report));
