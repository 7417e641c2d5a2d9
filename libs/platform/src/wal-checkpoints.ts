import { statSync } from 'node:fs';
import { Worker } from 'node:worker_threads';
import { programPath } from './program-path.js';
import type { FromThread, ToThread } from './wal-checkpoint-thread.js';

/** Size of a write-ahead log that makes a checkpoint due. */
const LOG_BYTES_DUE = 8 * 1024 * 1024;

/** A log that cannot be emptied, because somebody reads what stood in it long ago, is no larger than about this. */
const LOG_BYTES_MAX = 512 * 1024 * 1024;

/** The size is looked at once in so many commits. */
const COMMITS_PER_LOOK = 16;

const THREAD = programPath('libs/platform/src/wal-checkpoint-thread.js');

interface Waiting {
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

/** One thread serves all files of the process. */
class CheckpointThread {
  private worker: Worker | undefined;
  private readonly waiting: Waiting[] = [];

  send(order: ToThread): Promise<void> {
    return new Promise((resolve, reject) => {
      this.worker ??= this.start();
      this.waiting.push({ resolve, reject });
      this.worker.ref();
      this.worker.postMessage(order);
    });
  }

  private start(): Worker {
    const worker = new Worker(THREAD);
    const fail = (error: Error): void => {
      if (this.worker === worker) this.worker = undefined;
      for (const { reject } of this.waiting.splice(0)) reject(error);
    };
    worker.on('message', ({ fault }: FromThread) => {
      const answered = this.waiting.shift();
      // A process that waits for nothing else may end.
      if (this.waiting.length === 0) worker.unref();
      if (fault === undefined) answered?.resolve();
      else answered?.reject(new Error(fault));
    });
    worker.on('error', fail);
    worker.on('exit', () => fail(new Error('The checkpoint thread ended')));
    return worker;
  }
}

const thread = new CheckpointThread();

/**
 * Checkpoints of one SQLite file in WAL mode, for an owner whose connections make none themselves
 * (`wal_autocheckpoint = 0`, `journal_size_limit = 0` so that the log's size says how much it holds). First the thread
 * copies beside the writers, then the rest while the writers pause, and empties the log: to free a large one takes longer
 * than an event loop may be blocked, and the next commit would do it.
 */
export class WalCheckpoints {
  private commits = 0;
  private dueBytes = LOG_BYTES_DUE;
  private running: Promise<void> | undefined;
  private opened = false;

  constructor(
    private readonly file: string,
    /** Runs work while nobody writes; the event loop goes on. */
    private readonly whileNobodyWrites: (work: () => Promise<void>) => Promise<void>,
    /** Called when checkpoints cannot be made here: the owner lets SQLite make them. */
    private readonly onFault: (error: unknown) => void,
    /** Called when the log has grown too large because of readers: the owner ends the oldest of them. */
    private readonly onTooLarge: () => void = () => {},
    private readonly bytesMax = LOG_BYTES_MAX,
  ) {}

  /** To be called after each commit; begins a checkpoint when one is due. */
  committed(): void {
    if (++this.commits < COMMITS_PER_LOOK || this.running !== undefined) return;
    this.commits = 0;
    if (this.logBytes() >= this.dueBytes) void this.run();
  }

  /** Makes a checkpoint, whether or not it is due. */
  run(): Promise<void> {
    this.running ??= this.checkpoint().finally(() => {
      this.running = undefined;
    });
    return this.running;
  }

  /** To be called before the owner closes its connections. */
  async close(): Promise<void> {
    await this.running;
    if (this.opened) await thread.send({ file: this.file, order: 'close' }).catch(this.onFault);
  }

  private logBytes(): number {
    return statSync(`${this.file}-wal`, { throwIfNoEntry: false })?.size ?? 0;
  }

  private async checkpoint(): Promise<void> {
    const { file } = this;
    this.opened = true;
    try {
      await thread.send({ file, order: 'copy' });
      await this.whileNobodyWrites(() => thread.send({ file, order: 'empty' }));
      const left = this.logBytes();
      // What readers keep in the log does not make the next checkpoint due at once.
      this.dueBytes = left + LOG_BYTES_DUE;
      if (left >= this.bytesMax) this.onTooLarge();
    } catch (error) {
      this.onFault(error);
    }
  }
}
