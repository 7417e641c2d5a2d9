import { listFileOf } from '../list-file.js';
import { valueOf } from './arithmetic.js';

/** A stream of a job: an input, an output or the log. */
export interface Stream {
  /** Of the files; sorted and without repeats where they are inputs. */
  readonly names: readonly string[];
  readonly dataset: string;
}

/** What stands for placeholders on one job's command line (PanDA contract 9.4, step 5). */
export interface CommandValues {
  readonly taskId: number;
  readonly attemptNr: number;
  /** The smallest serial number of the job's outputs. */
  readonly serial: number;
  readonly streams: ReadonlyMap<string, Stream>;
  readonly seed?: number;
  readonly firstEvent?: number;
  /** Absent when it is undefined, which counts as 0. */
  readonly skipEvents?: number;
  /** Of all its records together; 0 when they have none. */
  readonly events: number;
  readonly sourceUrl?: string;
  /** The file of the build job. */
  readonly library?: string;
  readonly segment?: { readonly id: number; readonly name: string };
  readonly isEventService: boolean;
}

const SERIAL_DIGITS = 6;
/** Wider formats would only fill the memory. */
const WIDTH_MAX = 100;
const padded = (serial: number): string => String(serial).padStart(SERIAL_DIGITS, '0');

const PLACEHOLDER = /\$\{([^${}]+)\}/gu;
const SERIAL_FORMAT = /^SN:(0?)(\d*)d$/u;
/** Names of streams, a slice, decorators, and a formula. */
const STREAMS = /^(\w+(?:,\w+)*)(?:\[(-?\d*):(-?\d*)\])?((?:\/[LASTFE])*)(?:\/M\[([^\]]*)\])?$/u;
const PIECE_START = '<PANDA_ES_ONLY>';
const PIECE_END = '</PANDA_ES_ONLY>';

/** The command line of a job. What stands for nothing stays as it is: the shell may know it. */
export const commandLine = (template: string, values: CommandValues): string =>
  withPieces(template, values.isEventService)
    .replaceAll('$JEDITASKID', String(values.taskId))
    .replaceAll(PLACEHOLDER, (whole, inner: string) =>
      String(
        fixedValue(inner, values) ??
          formattedSerial(inner, values.serial) ??
          streamText(inner, values.streams) ??
          whole,
      ),
    );

/** Without the marks of the pieces that only jobs of the event service have, and without the pieces themselves in others. */
const withPieces = (template: string, areKept: boolean): string => {
  const [start = '', ...rest] = template.split(PIECE_START);
  return rest.reduce((text, part) => {
    const end = part.indexOf(PIECE_END);
    if (end < 0) return text + PIECE_START + part;
    return text + (areKept ? part.slice(0, end) : '') + part.slice(end + PIECE_END.length);
  }, start);
};

/** Makes the names of an output or log of a task from serial numbers (contract 9.2). */
export const outputNames = (template: string, taskId: number): ((serial: number) => string) => {
  const parts = template
    .replaceAll('$JEDITASKID', String(taskId))
    .replaceAll('${MIDDLENAME}', '')
    .split(/\$\{SN(?:\/P)?\}/u);
  const hasFormats = parts.some((part) => part.includes('${SN:'));
  return (serial) => {
    const name = parts.join(padded(serial));
    if (!hasFormats) return name;
    return name.replaceAll(PLACEHOLDER, (whole, inner: string) => formattedSerial(inner, serial) ?? whole);
  };
};

const fixedValue = (name: string, values: CommandValues): number | string | undefined => {
  switch (name) {
    case 'SN':
      return values.serial;
    case 'SN/P':
      return padded(values.serial);
    case 'RNDMSEED':
      return values.seed;
    case 'FIRSTEVENT':
      return values.firstEvent;
    case 'SKIPEVENTS':
      return values.skipEvents ?? 0;
    case 'MAXEVENTS':
      return values.events === 0 ? -1 : values.events;
    case 'ATTEMPTNR':
      return values.attemptNr;
    case 'SURL':
      return values.sourceUrl;
    case 'LIB':
      return values.library;
    case 'MIDDLENAME':
      return '';
    case 'SEGMENT_ID':
      return values.segment?.id;
    case 'SEGMENT_NAME':
      return values.segment?.name;
    default:
      return undefined;
  }
};

const formattedSerial = (inner: string, serial: number): string | undefined => {
  const [whole, zero, width] = SERIAL_FORMAT.exec(inner) ?? [];
  if (whole === undefined) return undefined;
  return String(serial).padStart(Math.min(Number(width), WIDTH_MAX), zero === '0' ? '0' : ' ');
};

const bound = (text: string | undefined): number | undefined =>
  text === undefined || text === '' ? undefined : Number(text);

const streamText = (inner: string, streams: ReadonlyMap<string, Stream>): string | undefined => {
  const [whole, list = '', from, to, decorators = '', formula] = STREAMS.exec(inner) ?? [];
  if (whole === undefined) return undefined;
  const parts = list.split(',').map((name) => streams.get(name));
  const known = parts.filter((part) => part !== undefined);
  const [first] = known;
  if (first === undefined || known.length < parts.length) return undefined;
  if (decorators.includes('/F')) return listFileOf(first.dataset);
  const names = known.flatMap((part) => part.names).slice(bound(from), bound(to));
  if (formula !== undefined) {
    const results = names.map((name) => valueOf(formula, name));
    return results.includes(undefined) ? undefined : results.join(',');
  }
  const text = listed(names, decorators);
  return decorators.includes('/E') ? unquoted(text) : text;
};

const listed = (names: readonly string[], decorators: string): string => {
  if (decorators.includes('/T')) return `[${names.map((name) => `'${name}'`).join(', ')}]`;
  const quoted = decorators.includes('/A') ? names.map((name) => `'${name}'`) : names;
  if (decorators.includes('/S')) return quoted.join(' ');
  return decorators === '' || decorators === '/E' ? compact(names) : quoted.join(',');
};

/** `head[1,2,4]tail` where the names differ in digits only, else a list with commas. */
const compact = (names: readonly string[]): string => {
  const [first = '', second] = names;
  if (second === undefined) return first;
  const head = withoutLastDigits(names.reduce(commonHead));
  const tail = names
    .map((name) => name.slice(head.length))
    .reduce(commonTail)
    .replace(/^\d+/u, '');
  const middles = names.map((name) => name.slice(head.length, name.length - tail.length));
  return middles.every((middle) => /^\d+$/u.test(middle)) ? `${head}[${middles.join(',')}]${tail}` : names.join(',');
};

const withoutLastDigits = (text: string): string => {
  let length = text.length;
  while (length > 0 && /\d/u.test(text.charAt(length - 1))) length -= 1;
  return text.slice(0, length);
};

const commonHead = (one: string, other: string): string => {
  let length = 0;
  while (length < one.length && one[length] === other[length]) length += 1;
  return one.slice(0, length);
};

const commonTail = (one: string, other: string): string => {
  let length = 0;
  while (length < one.length && length < other.length && one.at(-1 - length) === other.at(-1 - length)) length += 1;
  return length === 0 ? '' : one.slice(-length);
};

const unquoted = (text: string): string => {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
};
