import { kindOf, membersOf } from '#contracts/raw-json.js';
import type { Filters } from '#contracts/torc/documents.js';

/** Whether two raw values are equal: numbers by value, objects member by member. */
const isSame = (a: unknown, b: unknown): boolean => {
  if (a === b) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  if (Array.isArray(a) !== Array.isArray(b)) return false;
  const [membersA, membersB] = [Object.entries(a), Object.entries(b)];
  return (
    membersA.length === membersB.length &&
    membersA.every(([name, value]) => Object.hasOwn(b, name) && isSame(value, Reflect.get(b, name)))
  );
};

/** Looks for the value at a path through objects, in raw JSON. */
const rawAt = (document: string, path: readonly string[]): string | undefined => {
  let raw: string | undefined = document;
  for (const name of path) {
    if (raw === undefined || kindOf(raw) !== 'object') return undefined;
    raw = membersOf(raw).get(name);
  }
  return raw;
};

/**
 * Whether documents match filters (Torc contract 1.6): equal values in all of these fields. Dotted names reach into objects, unless a field
 * has the name as it stands. A filter on a field that a document lacks does not match.
 */
export const matcher = (filters: Filters): ((document: string) => boolean) => {
  const wanted = Object.entries(filters).map(([name, raw]) => ({
    name,
    path: name.split('.'),
    raw,
    value: JSON.parse(raw) as unknown,
  }));
  if (wanted.length === 0) return () => true;
  return (document) => {
    const members = membersOf(document);
    return wanted.every(({ name, path, raw, value }) => {
      const found = members.get(name) ?? (path.length > 1 ? rawAt(document, path) : undefined);
      return found !== undefined && (found === raw || isSame(JSON.parse(found), value));
    });
  };
};
