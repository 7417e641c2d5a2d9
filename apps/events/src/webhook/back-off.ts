const FIRST_MS = 5_000;
const LONGEST_MS = 3_600_000;
/** Parts of a delay that chance decides, so that webhooks that failed together are not tried together. */
const JITTER = 0.5;

/** How long an event is tried. */
export const GIVEN_UP_AFTER_MS = 24 * 3_600_000;

/**
 * How long to wait after so many attempts that have failed one after the other, in milliseconds.
 *
 * @param chance from 0 to 1
 */
export const backOffMs = (attempts: number, chance: number): number =>
  Math.round(Math.min(LONGEST_MS, FIRST_MS * 2 ** (attempts - 1)) * (1 - JITTER * chance));
