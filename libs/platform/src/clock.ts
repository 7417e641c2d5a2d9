/**
 * Microseconds since the Unix epoch, never the same twice and never falling within a process, so that timestamps order
 * what one process did.
 */
export const nowMicros = (): number => {
  const now = Math.round((performance.timeOrigin + performance.now()) * 1000);
  last = now > last ? now : last + 1;
  return last;
};
let last = 0;

/** `YYYY-MM-DDTHH:MM:SS.ffffff`, UTC, no zone: the form that IceProd clients parse (IceProd contract 1.4). */
export const formatTimestamp = (micros: number): string => {
  const millis = Math.floor(micros / 1000);
  // Long lists hold many neighbours in time, and making the text is most of the work.
  if (millis !== formattedMillis) {
    formatted = new Date(millis).toISOString().slice(0, 23);
    formattedMillis = millis;
  }
  return formatted + String(micros % 1000).padStart(3, '0');
};
let formattedMillis = Number.NaN;
let formatted = '';

/** Reads what {@link formatTimestamp} writes, to the letter; anything else is undefined. */
export const parseTimestamp = (text: string): number | undefined => {
  if (text.length !== 26) return undefined;
  const micros = Date.parse(`${text.slice(0, 23)}Z`) * 1000 + Number(text.slice(23));
  return Number.isSafeInteger(micros) && formatTimestamp(micros) === text ? micros : undefined;
};
