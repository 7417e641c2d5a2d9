import { membersOf } from '#contracts/raw-json.js';

/** Values of something by name, as raw JSON, so that documents stay as they were written. */
export type Values = ReadonlyMap<string, string>;

/** What an event gives: undefined takes a value away. */
export type ChangedValues = ReadonlyMap<string, string | undefined>;

/** Names that begin with this are remembered for later events and shown to nobody. */
const HIDDEN = '.';

export const hidden = (name: string): string => HIDDEN + name;
export const isHidden = (name: string): boolean => name.startsWith(HIDDEN);

/** Values of JavaScript by name; those that are undefined do not change. */
export const plainValues = (members: object): Map<string, string> =>
  new Map(
    Object.entries(members).flatMap(([name, value]) => (value === undefined ? [] : [[name, JSON.stringify(value)]])),
  );

/** Raw JSON by name; what is undefined does not change. */
export const rawValues = (members: Readonly<Record<string, string | undefined>>): Map<string, string> =>
  new Map(Object.entries(members).flatMap(([name, raw]) => (raw === undefined ? [] : [[name, raw]])));

/** All members of a document, and nothing for what a document before it had and this one has not. */
export const replacedBy = (document: string, before?: string): ChangedValues => {
  const after: Map<string, string | undefined> = membersOf(document);
  for (const name of before === undefined ? [] : membersOf(before).keys()) {
    if (!after.has(name)) after.set(name, undefined);
  }
  return after;
};

/** Exactly these values: all others are taken away. */
export const exactly = (before: Values, after: ChangedValues = new Map()): ChangedValues =>
  new Map([...[...before.keys()].map((name) => [name, undefined] as const), ...after]);

export const joined = (...parts: readonly ChangedValues[]): ChangedValues =>
  new Map(parts.flatMap((part) => [...part]));
