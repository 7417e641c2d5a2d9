import { createHash } from 'node:crypto';

/** Longest name that holds a key; most file systems end at 255. */
const NAME_CHARACTERS_MAX = 240;

/** Names that hold a key begin so; no key makes a name such as `..`. */
const SPELLED = '=';
/** Longer keys are not spelled out, so they are not listed either. */
const HASHED = '+';

const PLAIN = /[a-z0-9_-]/;

export const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

const escaped = (byte: number): string => {
  const character = String.fromCharCode(byte);
  return PLAIN.test(character) ? character : `%${byte.toString(16).padStart(2, '0')}`;
};

/** Keys may hold anything; nothing of them can lead out of a folder, and names differ by more than case. */
export const nameOf = (key: string): string => {
  const name = SPELLED + Array.from(Buffer.from(key), escaped).join('');
  return name.length <= NAME_CHARACTERS_MAX ? name : HASHED + sha256(key);
};

/** Undefined when the name does not hold its key. */
export const keyOf = (name: string): string | undefined =>
  name.startsWith(SPELLED) ? decodeURIComponent(name.slice(SPELLED.length)) : undefined;
