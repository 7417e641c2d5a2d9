import type { Job } from '../view.js';

/** Longest wait before a retry. */
const DELAY_SECONDS_MAX = 24 * 3600;
/** More would exceed the longest wait anyway, or numbers. */
const DOUBLINGS_MAX = 100;

interface Rule {
  readonly exit_codes?: readonly number[];
  readonly max_retries: number;
  readonly delay_seconds: number;
}

/**
 * How many seconds a job that has failed waits until it is ready again in the same run; undefined when it stays failed. The engine
 * counts its failures since it was last reset.
 */
export const retryDelay = (
  { document, unit: { failures } }: Pick<Job, 'document' | 'unit'>,
  code: number,
): number | undefined => {
  // Most documents are not read.
  if (!document.includes('"failure_handler"')) return undefined;
  const { failure_handler: handler } = JSON.parse(document) as { failure_handler?: { rules: readonly Rule[] } | null };
  const rule = handler?.rules.find(({ exit_codes: codes }) => codes?.includes(code) ?? true);
  if (rule === undefined || failures >= rule.max_retries) return undefined;
  return Math.min(Math.max(rule.delay_seconds, 0) * 2 ** Math.min(failures, DOUBLINGS_MAX), DELAY_SECONDS_MAX);
};
