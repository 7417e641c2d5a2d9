/** The thread in which a {@link SqliteLedger} writes: fsync and waiting for the lock block nobody's event loop. */
import { type MessagePort, parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads';
import { isBusy, busyPauseMs } from './sqlite-busy.js';
import { openLedgerFile } from './sqlite-file.js';
import { SqliteWriter, type WriterAnswer, type WriterAppend } from './sqlite-writer.js';

/** To the thread: appends, or the wish to end once all before it are answered. */
export type ToWriter = readonly WriterAppend[] | 'close';

/** From the thread: the answers to the oldest appends that have none yet. */
export type FromWriter = readonly WriterAnswer[];

const OPEN_PATIENCE_MS = 10_000;

const clock = new Int32Array(new SharedArrayBuffer(4));
const sleep = (ms: number): void => void Atomics.wait(clock, 0, 0, ms);

const openPatiently = (file: string): ReturnType<typeof openLedgerFile> => {
  const giveUpAt = performance.now() + OPEN_PATIENCE_MS;
  for (;;) {
    try {
      return openLedgerFile(file);
    } catch (error) {
      if (!isBusy(error) || performance.now() >= giveUpAt) throw error;
    }
    sleep(busyPauseMs());
  }
};

const port = parentPort;
if (port === null) throw new Error('This is a thread, not a program');
const database = openPatiently(workerData as string);
const writer = new SqliteWriter(database, sleep);
let queue: WriterAppend[] = [];
let closing = false;

const receive = (from: MessagePort): ToWriter | undefined =>
  (receiveMessageOnPort(from) as { message: ToWriter } | undefined)?.message;

const take = (message: ToWriter): void => {
  if (message === 'close') closing = true;
  else queue = queue.length === 0 ? [...message] : [...queue, ...message];
};

port.on('message', (message: ToWriter) => {
  take(message);
  while (queue.length > 0) {
    // What has arrived during the last commit goes into the next one.
    for (let more = receive(port); more !== undefined; more = receive(port)) take(more);
    const answers = writer.commitGroup(queue);
    queue = queue.slice(answers.length);
    port.postMessage(answers satisfies FromWriter);
    writer.checkpointIfDue();
  }
  if (!closing) return;
  database.close();
  port.close();
});
