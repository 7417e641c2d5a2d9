import { elementsOf, FIELD_DEPTH_MAX, kindOf, type Members, membersOf, objectText } from '../raw-json.js';

/** Which fields a caller wants: name to `'whole'` or to what is wanted inside. */
export type WantedFields = ReadonlyMap<string, 'whole' | WantedFields>;

type Growing = Map<string, 'whole' | Growing>;

const want = (wanted: Growing, key: string): void => {
  const path = key.split('.');
  if (path.length > FIELD_DEPTH_MAX) return;
  const last = path.pop() ?? '';
  let level = wanted;
  for (const name of path) {
    const below = level.get(name);
    if (below === 'whole') return;
    const next: Growing = below ?? new Map<string, 'whole' | Growing>();
    level.set(name, next);
    level = next;
  }
  level.set(last, 'whole');
};

/**
 * Reads the `keys` parameter (IceProd contract 1.5), once for all documents of an answer. `forced` names are always in.
 * `undefined` means everything: no keys were given, or only empty ones.
 */
export const wantedFields = (
  keys: readonly string[] | undefined,
  forced: readonly string[] = [],
): WantedFields | undefined => {
  const given = (keys ?? []).filter((key) => key !== '');
  if (given.length === 0) return undefined;
  const wanted: Growing = new Map();
  for (const key of [...given, ...forced]) {
    if (key !== '_id' && !key.startsWith('$')) want(wanted, key);
  }
  return wanted;
};

/**
 * The wanted fields inside a value: in an array of each object, of a value without fields nothing. Arrays in arrays are skipped,
 * so that the depth of recursion does not exceed the depth of the name.
 */
export const pickInside = (raw: string, wanted: WantedFields): string | undefined => {
  const kind = kindOf(raw);
  if (kind === 'object') return pickFields(membersOf(raw), wanted);
  if (kind !== 'array') return undefined;
  const objects = elementsOf(raw).filter((element) => kindOf(element) === 'object');
  return `[${objects.map((element) => pickFields(membersOf(element), wanted)).join(',')}]`;
};

/** The wanted fields of a document given as members, in its order, as text. */
export const pickFields = (members: Members, wanted: WantedFields | undefined): string => {
  if (wanted === undefined) return objectText(members);
  const picked: [string, string][] = [];
  for (const [name, raw] of members) {
    const wish = wanted.get(name);
    const value = wish === undefined || wish === 'whole' ? raw : pickInside(raw, wish);
    if (wish !== undefined && value !== undefined) picked.push([name, value]);
  }
  return objectText(picked);
};

/** As {@link pickFields} for a document given as raw JSON. Without keys the text is not changed. */
export const projectKeys = (document: string, wanted: WantedFields | undefined): string =>
  wanted === undefined ? document : pickFields(membersOf(document), wanted);
