import { randomBytes } from 'node:crypto';

/** Makes ids of different processes and threads differ: each loads this module for itself. */
const OWN_PART = randomBytes(8).toString('hex');

const COUNTS_PER_MS = 0x10000;

let lastMs = 0;
let count = 0;

/**
 * A new unique id of 32 hex digits; ids sort by the time they were made at, those of one thread strictly. Stores that are
 * ordered by such ids grow at their end, where random ids would touch a page each.
 */
export const timeOrderedId = (): string => {
  const nowMs = Date.now();
  if (nowMs > lastMs) {
    lastMs = nowMs;
    count = 0;
  } else if (++count === COUNTS_PER_MS) {
    lastMs++;
    count = 0;
  }
  return lastMs.toString(16).padStart(12, '0') + count.toString(16).padStart(4, '0') + OWN_PART;
};
