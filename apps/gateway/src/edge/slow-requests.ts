import type { Log } from '#platform/logging.js';

/** Requests that take longer are logged. */
export const SLOW_MS = 1000;

interface AnsweredRequest {
  readonly method: string;
  /** As it was sent, without the query, which may hold secrets. */
  readonly path: string;
  readonly status: number;
  readonly elapsedMs: number;
  readonly correlationId: string;
}

/** Logs a response that took long to be made or to be read: clients that read slowly are logged as well. */
export const logIfSlow = (log: Log, { elapsedMs, ...request }: AnsweredRequest): void => {
  if (elapsedMs > SLOW_MS) log.info({ ...request, elapsedMs: Math.round(elapsedMs) }, 'a request was slow');
};
