/**
 * Stages a batch and kills itself as soon as some of its appends are durable.
 * `stage-and-die.js <file> <stream> <expected revision> <batch id> <bytes> <appends>`
 */
import { type Appended, type NewEvent } from '../ledger.js';
import { SqliteLedger } from '../sqlite-ledger.js';
import { appendStaged } from '../staged-batch.js';
import { bulkEvents } from './new-events.js';

const [file = '', stream = '', expectedRevision = '', batchId = '', bytes = '', appends = ''] = process.argv.slice(2);

const ledger = await SqliteLedger.open(file);
const append = ledger.append.bind(ledger);
let standing = 0;
const dieIfDue = (): void => {
  if (standing === Number(appends)) process.kill(process.pid, 'SIGKILL');
};
ledger.append = async (name: string, expected: number, events: readonly NewEvent[]): Promise<Appended> => {
  dieIfDue();
  const appended = await append(name, expected, events);
  standing++;
  return appended;
};

await appendStaged(ledger, stream, Number(expectedRevision), bulkEvents(Number(bytes), batchId), batchId);
dieIfDue();
