/**
 * Runs the double of EventStoreDB as a process of its own, to measure against: without options an append takes about as long, for who
 * asks for it, as with EventStoreDB 23.10.8 on a disk with three flushes (2.4 ms one event, 5.7 ms 32). Sending and receiving take 0.4 ms
 * of it. `npm run bench -- eventstoredb` says how long it took in its run.
 *
 * Usage: node build/libs/ledger/src/testing/serve-eventstoredb-double.js [--port N] [--append-ms N] [--event-ms N]
 */
import { parseArgs } from 'node:util';
import { EventStoreDbDouble } from './eventstoredb-double.js';

const { values } = parseArgs({
  options: {
    port: { type: 'string', default: '0' },
    'append-ms': { type: 'string', default: '2' },
    'event-ms': { type: 'string', default: '0.1' },
  },
});

const double = await EventStoreDbDouble.start({
  port: Number(values.port),
  commitMs: Number(values['append-ms']),
  commitMsPerEvent: Number(values['event-ms']),
});
process.stdout.write(`${double.url}\n`);
