import type { ServerResponse } from 'node:http';
import { HttpError } from '../edge/request-error.js';

/**
 * So much of each body is not counted. The limit on connections bounds it, and small requests, such as heartbeats, are served
 * while large ones have used up the budget.
 */
export const UNCOUNTED_BYTES = 16 * 1024;

const RETRY = { 'retry-after': '1' };

/** Bounds the memory that bodies of requests take at a time, whole or half sent: of each caller, and of all. */
export class BodyBudget {
  private total = 0;
  private readonly byCaller = new Map<string, number>();

  constructor(
    private readonly bytesMax: number,
    private readonly bytesPerCallerMax: number,
  ) {}

  /** Bytes that are counted now. */
  get bytesInUse(): number {
    return this.total;
  }

  /** @throws HttpError 429 when the caller has too much in use, 503 when all together have */
  take(caller: string, bytes: number): void {
    const ofCaller = (this.byCaller.get(caller) ?? 0) + bytes;
    if (ofCaller > this.bytesPerCallerMax) throw new HttpError(429, 'too many large requests at a time', RETRY);
    if (this.total + bytes > this.bytesMax) throw new HttpError(503, 'server overloaded', RETRY);
    this.byCaller.set(caller, ofCaller);
    this.total += bytes;
  }

  giveBack(caller: string, bytes: number): void {
    const left = (this.byCaller.get(caller) ?? 0) - bytes;
    if (left > 0) this.byCaller.set(caller, left);
    else this.byCaller.delete(caller);
    this.total -= bytes;
  }
}

/** What one request takes of the budget: from its first counted byte until its response has ended or broken off. */
export class BodyAccount {
  private counted = 0;

  constructor(
    private readonly budget: BodyBudget,
    private readonly caller: string,
    private readonly response: ServerResponse,
  ) {}

  /**
   * Counts a body of which so many bytes are in memory.
   *
   * @throws HttpError when that is too much
   */
  holds(bytes: number): void {
    if (bytes <= UNCOUNTED_BYTES || bytes <= this.counted) return;
    if (this.response.closed) throw new HttpError(400, 'body broke off');
    this.budget.take(this.caller, bytes - this.counted);
    if (this.counted === 0) this.response.once('close', () => this.budget.giveBack(this.caller, this.counted));
    this.counted = bytes;
  }
}
