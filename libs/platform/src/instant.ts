/** ISO 8601 with a zone; the fraction may have microseconds. */
const INSTANT = /^(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(?::\d{2})?)(?:[.,](\d+))?(Z|[+-]\d{2}:?\d{2})$/i;

/** What {@link readInstant} expects, for messages. */
export const INSTANT_EXPECTED = 'a time with its zone, such as 2026-01-31T12:00:00Z';

/** Microseconds since the Unix epoch; undefined when the text is no time with a zone. */
export const readInstant = (text: string): number | undefined => {
  const [, time, fraction = '', zone] = INSTANT.exec(text) ?? [];
  if (time === undefined || zone === undefined) return undefined;
  const millis = Date.parse(`${time}${/^Z$/i.test(zone) ? 'Z' : zone.replace(/(\d{2}):?(\d{2})/, '$1:$2')}`);
  return Number.isNaN(millis) ? undefined : millis * 1000 + Number(fraction.slice(0, 6).padEnd(6, '0'));
};
