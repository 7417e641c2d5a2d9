import { DomainError } from '#platform/domain-error.js';

/**
 * Documents of users are kept as the text they came in, because parsing would turn `1.0` into `1` and round large
 * integers. These functions take such a text apart and put it together again without ever reading a number. They expect
 * valid JSON (what `JSON.parse` has accepted once); other text gives a SyntaxError or nonsense, never an endless loop.
 */

/** Fields of an object: name to raw JSON text, in order of first appearance; of a repeated name the last value counts. */
export type Members = ReadonlyMap<string, string>;

/** Maximum depth of dotted names. */
export const FIELD_DEPTH_MAX = 32;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const [BRACE_OPEN, BRACE_CLOSE, BRACKET_OPEN, BRACKET_CLOSE] = [0x7b, 0x7d, 0x5b, 0x5d];

const WHITESPACE = /[ \t\n\r]/;
const STRUCTURE = /["[\]{}]/g;

const broken = (at: number): SyntaxError => new SyntaxError(`Not valid JSON at ${at}`);

/** By character: whether it separates values, and whether it ends a value that is neither string, list nor object. */
const SEPARATES = new Uint8Array(128);
const ENDS_SCALAR = new Uint8Array(128);
for (const character of ' \t\n\r,:') SEPARATES[character.charCodeAt(0)] = 1;
for (const character of ' \t\n\r,:[]{}"') ENDS_SCALAR[character.charCodeAt(0)] = 1;

/** Index after the separators that begin at `start`. */
const behindSeparators = (text: string, start: number): number => {
  let at = start;
  while (SEPARATES[text.charCodeAt(at)] === 1) at += 1;
  return at;
};

const behindScalar = (text: string, start: number): number => {
  let at = start;
  while (at < text.length && ENDS_SCALAR[text.charCodeAt(at)] !== 1) at += 1;
  if (at === start) throw broken(start);
  return at;
};

/** Index after the string that begins at `at`. */
export const behindString = (text: string, at: number): number => {
  let quote = at;
  for (;;) {
    quote = text.indexOf('"', quote + 1);
    if (quote === -1) throw broken(at);
    let backslashes = 0;
    while (text.charCodeAt(quote - 1 - backslashes) === BACKSLASH) backslashes += 1;
    if (backslashes % 2 === 0) return quote + 1;
  }
};

const behindBrackets = (text: string, start: number): number => {
  let depth = 0;
  for (let at = start; at < text.length; at += 1) {
    switch (text.charCodeAt(at)) {
      case QUOTE:
        at = behindString(text, at) - 1;
        break;
      case BRACE_OPEN:
      case BRACKET_OPEN:
        depth += 1;
        break;
      case BRACE_CLOSE:
      case BRACKET_CLOSE:
        depth -= 1;
        if (depth === 0) return at + 1;
    }
  }
  throw broken(start);
};

/** Whether a text has more than `most` opening brackets. Fast, because it also counts those in strings. */
const opensMoreThan = (most: number, text: string): boolean => {
  let opened = 0;
  for (const bracket of '[{') {
    for (let at = text.indexOf(bracket); at !== -1; at = text.indexOf(bracket, at + 1)) {
      opened += 1;
      if (opened > most) return true;
    }
  }
  return false;
};

/** Whether lists and objects are nested more deeply than this. Recursion over such a text could overflow the stack. */
export const isDeeperThan = (levels: number, text: string): boolean => {
  if (!opensMoreThan(levels, text)) return false;
  let depth = 0;
  STRUCTURE.lastIndex = 0;
  for (let found = STRUCTURE.exec(text); found !== null; found = STRUCTURE.exec(text)) {
    const [character] = found;
    if (character === '"') STRUCTURE.lastIndex = behindString(text, found.index);
    else depth += character === '{' || character === '[' ? 1 : -1;
    if (depth > levels) return true;
  }
  return false;
};

/** Index after the value that begins at `at`. */
export const behindValue = (text: string, at: number): number => {
  switch (text[at]) {
    case '"':
      return behindString(text, at);
    case '{':
    case '[':
      return behindBrackets(text, at);
    default:
      return behindScalar(text, at);
  }
};

const start = (text: string, bracket: '{' | '['): number => {
  const at = behindSeparators(text, 0);
  if (text[at] !== bracket) throw broken(at);
  return behindSeparators(text, at + 1);
};

export type RawKind = 'object' | 'array' | 'string' | 'number' | 'boolean' | 'null';

/** What a raw value is, without parsing it. */
export const kindOf = (raw: string): RawKind => {
  const at = WHITESPACE.test(raw[0] ?? '') ? behindSeparators(raw, 0) : 0;
  switch (raw[at]) {
    case '{':
      return 'object';
    case '[':
      return 'array';
    case '"':
      return 'string';
    case 't':
    case 'f':
      return 'boolean';
    case 'n':
      return 'null';
    default:
      return 'number';
  }
};

/** The string that a text with quotes is. Few have escapes, which only a parser reads. */
export const stringIn = (quoted: string): string =>
  quoted.includes('\\') ? (JSON.parse(quoted) as string) : quoted.slice(1, -1);

/** Splits the text of an object into its members. */
export const membersOf = (object: string): Map<string, string> => {
  const members = new Map<string, string>();
  let at = start(object, '{');
  while (object[at] !== '}') {
    if (object[at] !== '"') throw broken(at);
    const nameEnd = behindString(object, at);
    const valueStart = behindSeparators(object, nameEnd);
    const valueEnd = behindValue(object, valueStart);
    members.set(stringIn(object.slice(at, nameEnd)), object.slice(valueStart, valueEnd));
    at = behindSeparators(object, valueEnd);
  }
  return members;
};

/** Splits the text of an array into its elements. */
export const elementsOf = (array: string): string[] => [...eachElement(array)];

/** The elements of the text of an array, found while they are read. */
export function* eachElement(array: string): Generator<string, void, void> {
  let at = start(array, '[');
  while (array[at] !== ']') {
    const end = behindValue(array, at);
    yield array.slice(at, end);
    at = behindSeparators(array, end);
  }
}

/** The text of an object with these fields, in this order. */
export const objectText = (members: Iterable<readonly [string, string]>): string => {
  let text = '';
  for (const [name, raw] of members) text += `${text === '' ? '' : ','}${JSON.stringify(name)}:${raw}`;
  return `{${text}}`;
};

const cannotSet = (field: string): DomainError =>
  new DomainError('invalid', 'document.cannot-set-field', `Cannot set field ${field}`);

/** A value that was split in order to change it. Unchanged parts stay text. */
type Opened = Map<string, Part> | Part[];
type Part = string | Opened;

const opened = (part: Part | undefined): Opened | undefined => {
  if (part === undefined) return new Map();
  if (typeof part !== 'string') return part;
  const kind = kindOf(part);
  if (kind === 'object') return membersOf(part);
  return kind === 'array' ? elementsOf(part) : undefined;
};

const closed = (part: Part): string => {
  if (typeof part === 'string') return part;
  if (Array.isArray(part)) return `[${part.map(closed).join(',')}]`;
  return objectText([...part].map(([name, inner]) => [name, closed(inner)] as const));
};

/** Whether a name is an index of the list, or the next one, which appends. Larger indexes would leave gaps. */
const isIndexOf = (list: readonly Part[], name: string): boolean =>
  /^(0|[1-9]\d*)$/.test(name) && Number(name) <= list.length;

/** `part` with `raw` at `path`, where it is opened once for all fields; undefined when something else is in the way. */
const withPath = (part: Part | undefined, [name, ...path]: readonly string[], raw: string): Part | undefined => {
  if (name === undefined) return raw;
  const open = opened(part);
  if (open === undefined || (Array.isArray(open) && !isIndexOf(open, name))) return undefined;
  const inner = withPath(Array.isArray(open) ? open[Number(name)] : open.get(name), path, raw);
  if (inner === undefined) return undefined;
  if (Array.isArray(open)) open[Number(name)] = inner;
  else open.set(name, inner);
  return open;
};

/** Longer documents do not fit an event after they are escaped. */
const IN_EVENT_BYTES_MAX = 200 * 1024;
/** Each step of a dotted name opens an object, which takes much longer than reading one. */
const PATCH_STEPS_MAX = 5_000;
/** Each change of a document reads and writes all of it. */
const DOCUMENT_CHARACTERS_MAX = 1024 * 1024;

/** Whether an event may be unable to hold a document. Splitting such a document takes long, and for nothing. */
export const isTooLargeForEvent = (document: string): boolean =>
  Buffer.byteLength(JSON.stringify(document)) > IN_EVENT_BYTES_MAX;

/** Whether these are more fields than one request may set with {@link mergeFields}. */
export const isTooLargeAPatch = (patch: string): boolean => {
  if (isTooLargeForEvent(patch)) return true;
  let steps = 0;
  for (const name of membersOf(patch).keys()) steps += name.split('.').length - 1;
  return steps > PATCH_STEPS_MAX;
};

/** Whether a change makes a document larger than one may be. What is too large already may be changed and shrink. */
export const outgrows = (after: string, before: string): boolean =>
  after.length > DOCUMENT_CHARACTERS_MAX && after.length > before.length;

/**
 * The document with the fields of `patch` set; dotted names set nested fields (PATCH of IceProd contract 6 and 7.4).
 * Refuses a name that leads through something that is no object, or is too deep.
 */
export const mergeFields = (document: string, patch: string): string | DomainError => {
  const members = new Map<string, Part>(membersOf(document));
  for (const [field, raw] of membersOf(patch)) {
    const path = field.split('.');
    if (path.length > FIELD_DEPTH_MAX) return cannotSet(`${field.slice(0, 100)}...`);
    if (withPath(members, path, raw) === undefined) return cannotSet(field);
  }
  return closed(members);
};
