import type { StoredRequest } from './request.js';

/** Requests that are worked on at once. */
const PLACES = 4;

/** One place stays free of materializations: people wait for the others. */
const PLACES_OF_MATERIALIZATIONS = PLACES - 1;

/** Work that gives no sign of life for so long is taken for dead, and somebody else takes it up (IceProd contract 16). */
const PATIENCE_MICROS = 15 * 60 * 1_000_000;

const RETRY_MICROS_FIRST = 500_000;
const RETRY_MICROS_MAX = 30_000_000;

/** What somebody who works on a request has to do with others. */
export interface Shift {
  /** Aborted when the work is to be laid down: another has taken it up, or the process ends. */
  readonly signal: AbortSignal;
  /** The work was begun before and had to wait: the same attempt goes on. */
  readonly waited: boolean;
  /** Tells that the work goes on. */
  readonly sign: () => void;
  /** Works on a dataset while nobody else does. A request that names its dataset has it to itself anyway. */
  readonly alone: <Result>(datasetId: string, work: () => Promise<Result>) => Promise<Result>;
}

interface ForemanOptions {
  /** Open requests, the one to take up first first. */
  readonly open: () => Iterable<StoredRequest>;
  /** Ends when the request is done with; rejects when it is to be tried again. */
  readonly work: (request: StoredRequest, shift: Shift) => Promise<void>;
  readonly nowMicros: () => number;
  /** How long requests settle before they are taken up. */
  readonly settlingMicros: number;
  /** Told when there may be something to do at last. */
  readonly onChange: () => void;
}

interface Worked {
  readonly request: StoredRequest;
  readonly abort: AbortController;
  signMicros: number;
  /** Waits for another to be done with a dataset, which is no sign of death. */
  waits: boolean;
}

interface Pause {
  readonly untilMicros: number;
  readonly lengthMicros: number;
}

/**
 * Has some requests worked on at once: never two of one dataset, none twice, and a long one does not hold up the others.
 * Keeps no timer of its own: {@link step} does what is due and tells when to call it again.
 */
export class Foreman {
  private readonly worked = new Map<string, Worked>();
  private readonly datasets = new Map<string, Worked>();
  private readonly pauses = new Map<string, Pause>();
  private released = Promise.withResolvers<void>();
  private closed = false;

  constructor(private readonly options: ForemanOptions) {}

  /** Has everything taken up that can be; the time at which there may be more to do. */
  step(): number | undefined {
    if (this.closed) return undefined;
    const nowMicros = this.options.nowMicros();
    this.giveUpDead(nowMicros);
    let nextMicros: number | undefined;
    const later = (micros: number): void => {
      nextMicros = Math.min(nextMicros ?? micros, micros);
    };
    for (const request of this.options.open()) {
      if (this.worked.size >= PLACES) break;
      if (this.worked.has(request.id) || !this.hasRoomFor(request)) continue;
      const dueMicros = this.dueMicros(request);
      if (dueMicros > nowMicros) later(dueMicros);
      else this.takeUp(request, nowMicros);
    }
    for (const { signMicros, waits } of this.worked.values()) if (!waits) later(signMicros + PATIENCE_MICROS);
    return nextMicros;
  }

  /** Has all work laid down. */
  close(): void {
    this.closed = true;
    for (const worked of [...this.worked.values()]) worked.abort.abort();
  }

  /** Resolves when nobody works any more. */
  async idle(): Promise<void> {
    while (this.worked.size > 0) await this.released.promise;
  }

  private dueMicros({ id, status, madeMicros }: StoredRequest): number {
    // What was begun has settled.
    const settledMicros = status === 'queued' ? madeMicros + this.options.settlingMicros : 0;
    return Math.max(settledMicros, this.pauses.get(id)?.untilMicros ?? 0);
  }

  private hasRoomFor({ action, datasetId }: StoredRequest): boolean {
    if (datasetId !== undefined && this.datasets.has(datasetId)) return false;
    if (action !== 'materialization') return true;
    const materializations = [...this.worked.values()].filter(({ request }) => request.action === 'materialization');
    return materializations.length < PLACES_OF_MATERIALIZATIONS;
  }

  private takeUp(request: StoredRequest, nowMicros: number): void {
    const worked: Worked = { request, abort: new AbortController(), signMicros: nowMicros, waits: false };
    this.worked.set(request.id, worked);
    if (request.datasetId !== undefined) this.datasets.set(request.datasetId, worked);
    const shift: Shift = {
      signal: worked.abort.signal,
      waited: this.pauses.has(request.id),
      sign: () => {
        worked.signMicros = this.options.nowMicros();
      },
      alone: (datasetId, work) => this.alone(worked, datasetId, work),
    };
    this.options.work(request, shift).then(
      () => {
        if (this.worked.get(request.id) === worked) this.pauses.delete(request.id);
        this.leave(worked);
      },
      () => {
        if (this.worked.get(request.id) === worked) this.pause(request.id);
        this.leave(worked);
      },
    );
  }

  private async alone<Result>(worked: Worked, datasetId: string, work: () => Promise<Result>): Promise<Result> {
    if (this.datasets.get(datasetId) === worked) return work();
    worked.waits = true;
    while (this.datasets.has(datasetId) && !worked.abort.signal.aborted) await this.released.promise;
    worked.waits = false;
    worked.signMicros = this.options.nowMicros();
    if (!worked.abort.signal.aborted) this.datasets.set(datasetId, worked);
    try {
      return await work();
    } finally {
      if (this.datasets.get(datasetId) === worked) this.datasets.delete(datasetId);
      this.changed();
    }
  }

  private pause(id: string): void {
    const before = this.pauses.get(id)?.lengthMicros;
    const lengthMicros = before === undefined ? RETRY_MICROS_FIRST : Math.min(before * 2, RETRY_MICROS_MAX);
    this.pauses.set(id, { lengthMicros, untilMicros: this.options.nowMicros() + lengthMicros });
  }

  private giveUpDead(nowMicros: number): void {
    for (const worked of [...this.worked.values()]) {
      if (worked.waits || worked.signMicros + PATIENCE_MICROS > nowMicros) continue;
      worked.abort.abort();
      this.pauses.delete(worked.request.id);
      this.leave(worked);
    }
  }

  /** Whoever was taken for dead has left already. */
  private leave(worked: Worked): void {
    if (this.worked.get(worked.request.id) === worked) this.worked.delete(worked.request.id);
    for (const [datasetId, owner] of [...this.datasets]) if (owner === worked) this.datasets.delete(datasetId);
    this.changed();
  }

  private changed(): void {
    const { resolve } = this.released;
    this.released = Promise.withResolvers<void>();
    resolve();
    this.options.onChange();
  }
}
