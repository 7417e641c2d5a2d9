/**
 * Appends to a ledger file with several appenders until it is killed or its time is over.
 * `append-forever.js <file> <stream prefix> <appenders> <seconds> report|acknowledge`
 *
 * acknowledge: writes `<stream> <revision>` for each append that was answered, before the next one.
 * report: writes `{appends, stallMs}` at the end.
 */
import { writeSync } from 'node:fs';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as delay } from 'node:timers/promises';
import { NO_STREAM } from '../ledger.js';
import { SqliteLedger } from '../sqlite-ledger.js';
import { someEvent } from './new-events.js';

const STALL_RESOLUTION_MS = 5;
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

const running = Array.from({ length: Number(appenders) }, (_, index) => appendForever(`${prefix}${index}`));
await delay(WARM_UP_MS);
const stalls = monitorEventLoopDelay({ resolution: STALL_RESOLUTION_MS });
stalls.enable();
appends = 0;
await delay(Number(seconds) * 1000);
over = true;
const report = { appends, stallMs: stalls.max / 1e6 - STALL_RESOLUTION_MS };
await Promise.all(running);
await ledger.close();
if (mode === 'report') writeSync(1, JSON.stringify(report));
