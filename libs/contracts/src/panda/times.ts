const MICROS_PER_MILLI = 1_000;
const SECONDS_LENGTH = 'YYYY-MM-DDTHH:MM:SS'.length;

/** Texts of seconds: what is at work shares few of them. A full cache is cleared. */
const texts = new Map<number, string>();
const TEXTS_MAX = 1_000;

/**
 * A time as attributes of tasks and jobs have it: `2025-06-01T12:00:00`, UTC, without a zone (PanDA contract 1.7, trap 31).
 *
 * @param micros microseconds since the Unix epoch
 */
export const timeText = (micros: number): string => {
  const seconds = Math.floor(micros / 1_000_000);
  const known = texts.get(seconds);
  if (known !== undefined) return known;
  const text = new Date(seconds * 1_000).toISOString().slice(0, SECONDS_LENGTH);
  if (texts.size >= TEXTS_MAX) texts.clear();
  texts.set(seconds, text);
  return text;
};

/** The time as diagnostics and queries spell it, with a blank in place of the `T`. */
export const plainTime = (text: string | null): string => (text ?? 'unknown').replace('T', ' ');

/** Microseconds since the Unix epoch of a time with `T` or a blank; undefined when it is none. */
export const microsOfTime = (text: string): number | undefined => {
  if (!/^\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d{1,6})?$/u.test(text)) return undefined;
  const whole = Date.parse(`${text.slice(0, SECONDS_LENGTH).replace(' ', 'T')}Z`);
  // JavaScript takes the 30th of February as a day in March.
  if (Number.isNaN(whole) || new Date(whole).getUTCDate() !== Number(text.slice(8, 10))) return undefined;
  return whole * MICROS_PER_MILLI + Number(text.slice(SECONDS_LENGTH + 1).padEnd(6, '0'));
};
