import { Worker } from 'node:worker_threads';
import { DomainError } from './domain-error.js';
import type { ArgumentsOf, FromThread, ResultsOf, ThreadCall, ThreadFunctions } from './thread-functions.js';

export interface ThreadPoolOptions {
  /** Program that calls `serveThread`; see `programPath`. */
  readonly module: string;
  /** Threads at most; each starts when it is first needed. */
  readonly threads: number;
  /** Calls that may wait for a thread; more are refused. */
  readonly waitingMax: number;
  /** A call that takes longer is ended together with its thread. */
  readonly timeLimitMs: number;
  /** Heap of a thread; a call that needs more is ended together with its thread. */
  readonly heapMaxMiB: number;
}

/** A call took more time or memory than it may. */
export class ThreadLimitExceeded extends Error {
  override readonly name = 'ThreadLimitExceeded';

  constructor(readonly limit: 'time' | 'memory') {
    super(`A computation exceeded its ${limit} limit`);
  }
}

interface Call {
  readonly message: ThreadCall;
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: Error) => void;
}

interface Thread {
  readonly worker: Worker;
  ready: boolean;
  call: Call | undefined;
  timer: NodeJS.Timeout | undefined;
}

const tooBusy = (): DomainError => new DomainError('unavailable', 'threads.busy', 'Too many computations wait');

const isOutOfMemory = (error: Error): boolean => 'code' in error && error.code === 'ERR_WORKER_OUT_OF_MEMORY';

/**
 * Runs long pure computations in threads, so that they do not block the event loop. Number of threads, queue, time and memory
 * are bounded. Idle threads do not keep the process alive.
 */
export class ThreadPool<Functions extends ThreadFunctions> {
  private readonly threads = new Set<Thread>();
  private readonly waiting: Call[] = [];
  private closed = false;

  constructor(private readonly options: ThreadPoolOptions) {}

  /**
   * @throws ThreadLimitExceeded when the call takes too much time or memory
   * @throws DomainError what the function throws, or `unavailable` when too many calls wait
   */
  run<Name extends keyof Functions & string>(
    name: Name,
    ...args: ArgumentsOf<Functions>[Name]
  ): Promise<ResultsOf<Functions>[Name]> {
    return new Promise<unknown>((resolve, reject) => {
      if (this.closed || this.waiting.length >= this.options.waitingMax) {
        reject(tooBusy());
        return;
      }
      this.waiting.push({ message: { name, args }, resolve, reject });
      this.dispatch();
    }) as Promise<ResultsOf<Functions>[Name]>;
  }

  /** Ends all threads. Calls that are not answered yet are rejected. */
  async close(): Promise<void> {
    this.closed = true;
    for (const { reject } of this.waiting.splice(0)) reject(tooBusy());
    await Promise.all([...this.threads].map((thread) => this.end(thread, tooBusy())));
  }

  private dispatch(): void {
    for (const thread of this.threads) {
      if (!thread.ready || thread.call !== undefined) continue;
      const call = this.waiting.shift();
      if (call === undefined) return;
      this.start(thread, call);
    }
    const starting = [...this.threads].filter(({ ready }) => !ready).length;
    if (this.waiting.length > starting && this.threads.size < this.options.threads) this.addThread();
  }

  private start(thread: Thread, call: Call): void {
    thread.call = call;
    thread.timer = setTimeout(() => {
      void this.end(thread, new ThreadLimitExceeded('time'));
    }, this.options.timeLimitMs);
    thread.worker.ref();
    thread.worker.postMessage(call.message);
  }

  private addThread(): void {
    const worker = new Worker(this.options.module, {
      resourceLimits: { maxOldGenerationSizeMb: this.options.heapMaxMiB },
    });
    const thread: Thread = { worker, ready: false, call: undefined, timer: undefined };
    this.threads.add(thread);
    worker.on('message', (message: FromThread) => this.receive(thread, message));
    worker.on('error', (error: Error) => {
      // A thread that cannot start fails the call that it was started for.
      if (!thread.ready) thread.call = this.waiting.shift();
      void this.end(thread, isOutOfMemory(error) ? new ThreadLimitExceeded('memory') : error);
    });
  }

  private receive(thread: Thread, message: FromThread): void {
    const { call } = thread;
    clearTimeout(thread.timer);
    thread.ready = true;
    thread.call = undefined;
    thread.worker.unref();
    if (message.type === 'result') call?.resolve(message.result);
    else if (message.type === 'refused') call?.reject(DomainError.from(message.error));
    else if (message.type === 'failed') call?.reject(message.error);
    this.dispatch();
  }

  private async end(thread: Thread, error: Error): Promise<void> {
    const { call } = thread;
    clearTimeout(thread.timer);
    this.threads.delete(thread);
    thread.call = undefined;
    call?.reject(error);
    if (!this.closed) this.dispatch();
    await thread.worker.terminate();
  }
}
