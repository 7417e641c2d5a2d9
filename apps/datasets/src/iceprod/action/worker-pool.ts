import { INTERRUPTIONS_MAX, type StoredRequest } from './request.js';

/** Requests that run at a time. */
const CONCURRENCY_LIMIT = 4;

/** Materializations leave room for one other request, because people wait for those. */
const MATERIALIZATIONS_MAX = CONCURRENCY_LIMIT - 1;

/** A run without a heartbeat for so long loses its lease, and the request starts again (IceProd contract 16). */
const LEASE_TIMEOUT_MICROS = 15 * 60 * 1_000_000;

const RETRY_MICROS_FIRST = 500_000;
const RETRY_MICROS_MAX = 30_000_000;

/** The right to work on a request. */
export interface Lease {
  /** Aborted when the work has to stop: the lease has expired, or the process ends. */
  readonly signal: AbortSignal;
  /** The work was interrupted before and waited for a retry: the same attempt continues. */
  readonly resumed: boolean;
  /** Earlier attempts that ended with their process or their lease. */
  readonly interruptions: number;
  /** Renews the lease. */
  readonly heartbeat: () => void;
  /** Locks a dataset meanwhile. A request that names its dataset holds that lock anyway. */
  readonly exclusively: <Result>(datasetId: string, work: () => Promise<Result>) => Promise<Result>;
}

interface WorkerPoolOptions {
  /** Open requests, in the order in which they are to start. */
  readonly open: () => Iterable<StoredRequest>;
  /** Resolves when the request is finished; rejects when it has to be retried. */
  readonly work: (request: StoredRequest, lease: Lease) => Promise<void>;
  readonly nowMicros: () => number;
  /** How long requests settle before they start. */
  readonly settlingMicros: number;
  /** Called when a further request may be able to start. */
  readonly onChange: () => void;
}

interface Run {
  readonly request: StoredRequest;
  readonly abort: AbortController;
  heartbeatMicros: number;
  /** Waits for the lock of a dataset; the lease does not expire meanwhile. */
  waits: boolean;
}

interface Backoff {
  readonly untilMicros: number;
  readonly lengthMicros: number;
}

/**
 * Runs several requests at a time: never two of one dataset, and none twice. A long request does not delay the others.
 * The pool has no timer of its own: {@link step} does what is due and returns when to call it again.
 */
export class WorkerPool {
  private readonly running = new Map<string, Run>();
  private readonly datasets = new Map<string, Run>();
  private readonly backoffs = new Map<string, Backoff>();
  private released = Promise.withResolvers<void>();
  private closed = false;

  constructor(private readonly options: WorkerPoolOptions) {}

  /** Starts every request that may start. @returns the time of the next call; undefined if there is none */
  step(): number | undefined {
    if (this.closed) return undefined;
    const nowMicros = this.options.nowMicros();
    this.expireLeases(nowMicros);
    let nextMicros: number | undefined;
    const later = (micros: number): void => {
      nextMicros = Math.min(nextMicros ?? micros, micros);
    };
    for (const request of this.options.open()) {
      if (this.running.size >= CONCURRENCY_LIMIT) break;
      if (this.running.has(request.id) || !this.canStart(request)) continue;
      // What may have ended the process runs alone before it fails, so that it takes no others with it.
      const isSuspect = this.interruptionsOf(request) >= INTERRUPTIONS_MAX - 1;
      if (isSuspect && this.running.size > 0) break;
      const dueMicros = this.dueMicros(request);
      if (dueMicros > nowMicros) later(dueMicros);
      else this.start(request, nowMicros);
      if (isSuspect && this.running.size > 0) break;
    }
    for (const { heartbeatMicros, waits } of this.running.values())
      if (!waits) later(heartbeatMicros + LEASE_TIMEOUT_MICROS);
    return nextMicros;
  }

  /** Interrupts all work. @returns ids of requests that were begun here and may be unfinished */
  close(): readonly string[] {
    this.closed = true;
    for (const run of [...this.running.values()]) run.abort.abort();
    return [...new Set([...this.running.keys(), ...this.backoffs.keys()])];
  }

  /** Resolves when no request runs any more. */
  async idle(): Promise<void> {
    while (this.running.size > 0) await this.released.promise;
  }

  private interruptionsOf({ id, interruptions, isStarted }: StoredRequest): number {
    return isStarted && !this.backoffs.has(id) ? interruptions + 1 : interruptions;
  }

  private dueMicros({ id, status, madeMicros }: StoredRequest): number {
    // A request that had started before has settled.
    const settledMicros = status === 'queued' ? madeMicros + this.options.settlingMicros : 0;
    return Math.max(settledMicros, this.backoffs.get(id)?.untilMicros ?? 0);
  }

  private canStart({ action, datasetId }: StoredRequest): boolean {
    if (datasetId !== undefined && this.datasets.has(datasetId)) return false;
    if (action !== 'materialization') return true;
    const materializations = [...this.running.values()].filter(({ request }) => request.action === 'materialization');
    return materializations.length < MATERIALIZATIONS_MAX;
  }

  private start(request: StoredRequest, nowMicros: number): void {
    const run: Run = { request, abort: new AbortController(), heartbeatMicros: nowMicros, waits: false };
    this.running.set(request.id, run);
    if (request.datasetId !== undefined) this.datasets.set(request.datasetId, run);
    const lease: Lease = {
      signal: run.abort.signal,
      resumed: this.backoffs.has(request.id),
      interruptions: this.interruptionsOf(request),
      heartbeat: () => {
        run.heartbeatMicros = this.options.nowMicros();
      },
      exclusively: (datasetId, work) => this.exclusively(run, datasetId, work),
    };
    this.options.work(request, lease).then(
      () => {
        if (this.running.get(request.id) === run) this.backoffs.delete(request.id);
        this.release(run);
      },
      () => {
        if (this.running.get(request.id) === run) this.backOff(request.id);
        this.release(run);
      },
    );
  }

  private async exclusively<Result>(run: Run, datasetId: string, work: () => Promise<Result>): Promise<Result> {
    if (this.datasets.get(datasetId) === run) return work();
    run.waits = true;
    while (this.datasets.has(datasetId) && !run.abort.signal.aborted) await this.released.promise;
    run.waits = false;
    run.heartbeatMicros = this.options.nowMicros();
    if (!run.abort.signal.aborted) this.datasets.set(datasetId, run);
    try {
      return await work();
    } finally {
      if (this.datasets.get(datasetId) === run) this.datasets.delete(datasetId);
      this.changed();
    }
  }

  private backOff(id: string): void {
    const before = this.backoffs.get(id)?.lengthMicros;
    const lengthMicros = before === undefined ? RETRY_MICROS_FIRST : Math.min(before * 2, RETRY_MICROS_MAX);
    this.backoffs.set(id, { lengthMicros, untilMicros: this.options.nowMicros() + lengthMicros });
  }

  private expireLeases(nowMicros: number): void {
    for (const run of [...this.running.values()]) {
      if (run.waits || run.heartbeatMicros + LEASE_TIMEOUT_MICROS > nowMicros) continue;
      run.abort.abort();
      this.backoffs.delete(run.request.id);
      this.release(run);
    }
  }

  /** A run that lost its lease was removed before. */
  private release(run: Run): void {
    if (this.running.get(run.request.id) === run) this.running.delete(run.request.id);
    for (const [datasetId, owner] of [...this.datasets]) if (owner === run) this.datasets.delete(datasetId);
    this.changed();
  }

  private changed(): void {
    const { resolve } = this.released;
    this.released = Promise.withResolvers<void>();
    resolve();
    this.options.onChange();
  }
}
