/** The thread in which a {@link SqliteLedger} writes: fsync and waiting for the lock block nobody's event loop. */
import { type MessagePort, parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads';
import { isBusy, busyPauseMs } from './sqlite-busy.js';
import { openLedgerFile } from './sqlite-file.js';
import { SqliteWriter, type WriterAnswer, type WriterTask } from './sqlite-writer.js';

/** To the thread: appends, or the request to end once all earlier appends are answered. */
export type ToWriter = readonly WriterTask[] | 'close';

/** From the thread: the answers to the oldest appends that have none yet. */
export type FromWriter = readonly WriterAnswer[];

/** What the thread is started with. */
export interface WriterStart {
  readonly file: string;
  /** Changed and notified after each message. */
  readonly signal: Int32Array<SharedArrayBuffer>;
}

const OPEN_TIMEOUT_MS = 10_000;

const clock = new Int32Array(new SharedArrayBuffer(4));
const sleep = (ms: number): void => void Atomics.wait(clock, 0, 0, ms);

const openWithRetry = (file: string): ReturnType<typeof openLedgerFile> => {
  const giveUpAt = performance.now() + OPEN_TIMEOUT_MS;
  for (;;) {
    try {
      return openLedgerFile(file);
    } catch (error) {
      if (!isBusy(error) || performance.now() >= giveUpAt) throw error;
    }
    sleep(busyPauseMs());
  }
};

if (parentPort === null) throw new Error('This is a thread, not a program');
const port: MessagePort = parentPort;
const { file, signal } = workerData as WriterStart;
const database = openWithRetry(file);
const writer = new SqliteWriter(database, sleep);
let queue: readonly WriterTask[] = [];

/** Takes what has arrived; returns whether that was the request to end. */
const takeArrived = (): boolean => {
  for (;;) {
    const arrived = receiveMessageOnPort(port) as { message: ToWriter } | undefined;
    if (arrived === undefined) return false;
    if (arrived.message === 'close') return true;
    queue = queue.length === 0 ? arrived.message : [...queue, ...arrived.message];
  }
};

for (let seen = 0, isClosing = false; !isClosing;) {
  // Woken through shared memory rather than by an event: that takes half the time, and an append waits for it.
  Atomics.wait(signal, 0, seen);
  seen = Atomics.load(signal, 0);
  do {
    // What has arrived during the last commit goes into the next one.
    isClosing ||= takeArrived();
    if (queue.length === 0) break;
    const answers = writer.commitGroup(queue);
    queue = queue.slice(answers.length);
    port.postMessage(answers satisfies FromWriter);
    writer.checkpointIfDue();
  } while (queue.length > 0);
}
database.close();
