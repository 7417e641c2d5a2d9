/** Causes are shown in lists. */
const CAUSE_CHARACTERS_MAX = 200;

const NO_REASON = 'no reason given';

/** What differs between failures of the same cause: ids, addresses, times, sizes. Short numbers, such as exit and error codes, tell causes apart. */
const VARYING = [
  /\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b/gi,
  /\b0x[0-9a-f]+\b/gi,
  /\b(?=[a-f]*\d)[0-9a-f]{8,}\b/gi,
  /(?<!\d)(?:\d{1,40}\.\d{1,40}|\d{5,40})/g,
] as const;

/** The line that says most: the last one of Python's tracebacks, the first one of everything else. */
const tellingLine = (reason: string): string => {
  const lines = reason.split('\n').flatMap((line) => line.trim() || []);
  const isTraceback = lines[0]?.startsWith('Traceback') === true;
  return (isTraceback ? lines.at(-1) : lines[0]) ?? '';
};

/** The text by which failures are counted together: the reason without what differs from run to run. */
export const causeOf = (reason: string): string => {
  const line = tellingLine(reason)
    .slice(0, 10 * CAUSE_CHARACTERS_MAX)
    .replace(/\s+/g, ' ');
  const cause = VARYING.reduce((text, expression) => text.replace(expression, '#'), line);
  return cause === '' ? NO_REASON : cause.slice(0, CAUSE_CHARACTERS_MAX);
};
