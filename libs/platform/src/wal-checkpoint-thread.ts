/** The thread in which {@link WalCheckpoints} copies write-ahead logs into their files: its fsyncs block no event loop. */
import { DatabaseSync } from 'node:sqlite';
import { parentPort } from 'node:worker_threads';

export interface ToThread {
  readonly file: string;
  /** `copy` waits for nobody and makes nobody wait; `empty` is for when nobody writes. */
  readonly order: 'copy' | 'empty' | 'close';
}

/** Answers come in the order of the orders. */
export interface FromThread {
  readonly fault?: string;
}

const port = parentPort;
if (port === null) throw new Error('This is a thread, not a program');
const databases = new Map<string, DatabaseSync>();

/** What cannot be copied now, because somebody reads it, is copied the next time. */
const checkpoint = (file: string, mode: 'PASSIVE' | 'TRUNCATE'): void => {
  const database = databases.get(file) ?? new DatabaseSync(file);
  databases.set(file, database);
  database.exec(`PRAGMA wal_checkpoint(${mode})`);
};

const close = (file: string): void => {
  databases.get(file)?.close();
  databases.delete(file);
};

port.on('message', ({ file, order }: ToThread) => {
  try {
    if (order === 'close') close(file);
    else checkpoint(file, order === 'copy' ? 'PASSIVE' : 'TRUNCATE');
    port.postMessage({} satisfies FromThread);
  } catch (error) {
    port.postMessage({ fault: String(error) } satisfies FromThread);
  }
});
