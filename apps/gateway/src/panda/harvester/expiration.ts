import { microsOfTime } from '#contracts/panda/times.js';

const DAY_MICROS = 24 * 3_600 * 1_000_000;
/** A century: more is a mistake. */
const DAYS_MAX = 36_525;

/**
 * When target slots end (contract 6.4): after a number of days, or at `2025-06-01[ 12:00:00]`.
 *
 * @returns microseconds since the Unix epoch; undefined for what is neither
 */
export const expirationMicros = (text: string, nowMicros: number): number | undefined => {
  if (/^\d+$/.test(text)) return Number(text) > DAYS_MAX ? undefined : nowMicros + Number(text) * DAY_MICROS;
  return microsOfTime(/^\d{4}-\d\d-\d\d$/.test(text) ? `${text} 00:00:00` : text);
};
