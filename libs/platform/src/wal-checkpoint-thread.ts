/** The thread in which {@link WalCheckpoints} copies write-ahead logs into their files: its fsyncs block no event loop. */
import { DatabaseSync } from 'node:sqlite';
import { parentPort } from 'node:worker_threads';

export interface ToThread {
  readonly file: string;
  readonly order: 'checkpoint' | 'close';
}

/** Answers come in the order of the orders. */
export interface FromThread {
  readonly fault?: string;
}

const port = parentPort;
if (port === null) throw new Error('This is a thread, not a program');
const databases = new Map<string, DatabaseSync>();

const checkpoint = (file: string): void => {
  const database = databases.get(file) ?? new DatabaseSync(file);
  databases.set(file, database);
  // PASSIVE waits for nobody and makes nobody wait: what cannot be copied now is copied the next time.
  database.exec('PRAGMA wal_checkpoint(PASSIVE)');
};

const close = (file: string): void => {
  databases.get(file)?.close();
  databases.delete(file);
};

port.on('message', ({ file, order }: ToThread) => {
  try {
    (order === 'checkpoint' ? checkpoint : close)(file);
    port.postMessage({} satisfies FromThread);
  } catch (error) {
    port.postMessage({ fault: String(error) } satisfies FromThread);
  }
});
