import { setTimeout as delay } from 'node:timers/promises';
import { DomainError } from '#platform/domain-error.js';

/** What the way back takes at most. */
const RETURN_MS = 2_000;

/**
 * An answer, or a refusal just before the caller stops waiting. The work goes on, so that it is answered sooner when it is asked again.
 *
 * @throws DomainError `past.preparing`
 */
export const inTime = async <Value>(answer: Promise<Value>, deadlineMs: number): Promise<Value> => {
  const over = new AbortController();
  const refusal = delay(Math.max(0, deadlineMs - RETURN_MS - Date.now()), undefined, { signal: over.signal }).then(
    () => {
      throw new DomainError('unavailable', 'past.preparing', 'This moment is still being prepared, ask again');
    },
  );
  try {
    return await Promise.race([answer, refusal]);
  } finally {
    over.abort();
    refusal.catch(() => undefined);
  }
};
