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
