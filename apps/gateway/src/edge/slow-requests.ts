import type { Log } from '#platform/logging.js';

/** An operator hears of requests that took longer. */
export const SLOW_MS = 1000;

interface AnsweredRequest {
  readonly method: string;
  /** As it was sent, without the query, which may hold what is nobody's business. */
  readonly path: string;
  readonly status: number;
  readonly elapsedMs: number;
  readonly correlationId: string;
}

/** Tells of an answer that was long in coming, or long in being taken: clients that read slowly are named as well. */
export const tellIfSlow = (log: Log, { elapsedMs, ...request }: AnsweredRequest): void => {
  if (elapsedMs > SLOW_MS) log.info({ ...request, elapsedMs: Math.round(elapsedMs) }, 'a request was slow');
};
