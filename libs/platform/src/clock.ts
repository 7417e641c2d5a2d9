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
  const iso = new Date(Math.floor(micros / 1000)).toISOString();
  return `${iso.slice(0, 23)}${String(micros % 1000).padStart(3, '0')}`;
};

/** Reads what {@link formatTimestamp} writes, to the letter; anything else is undefined. */
export const parseTimestamp = (text: string): number | undefined => {
  if (text.length !== 26) return undefined;
  const micros = Date.parse(`${text.slice(0, 23)}Z`) * 1000 + Number(text.slice(23));
  return Number.isSafeInteger(micros) && formatTimestamp(micros) === text ? micros : undefined;
};
