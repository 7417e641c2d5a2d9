import { isObject, type JsonMembers } from '#platform/json-object.js';

/**
 * Collects what is wrong with the operator's document, each fault with its path (contract 10.1): `queues.SITE_A.maxrss: must be an integer`.
 */
export class Faults {
  private readonly found: string[] = [];

  add(path: string, fault: string): void {
    this.found.push(`${path === '' ? 'the document' : path}: ${fault}`);
  }

  get list(): readonly string[] {
    return this.found;
  }
}

/** Reads a value, reports faults, and gives what the value counts as: of a wrong one something of the right type. */
export type Check<Value> = (value: unknown, path: string, faults: Faults) => Value;

const expecting =
  <Value>(expectation: string, otherwise: Value, accepts: (value: unknown) => value is Value): Check<Value> =>
  (value, path, faults) => {
    if (accepts(value)) return value;
    faults.add(path, `must be ${expectation}`);
    return otherwise;
  };

const isText = (value: unknown): value is string => typeof value === 'string';

export const text = expecting('a text', '', isText);
export const someText = expecting(
  'a text that is not empty',
  '',
  (value): value is string => isText(value) && value !== '',
);
export const integer = expecting('an integer', 0, (value): value is number => Number.isSafeInteger(value));
export const amount = expecting(
  'a number that is not negative',
  0,
  (value): value is number => typeof value === 'number' && Number.isFinite(value) && value >= 0,
);
export const number = expecting(
  'a number',
  0,
  (value): value is number => typeof value === 'number' && Number.isFinite(value),
);
export const flag = expecting('true or false', false, (value): value is boolean => typeof value === 'boolean');
export const object = expecting<JsonMembers>('an object', {}, isObject);
export const list = expecting<readonly unknown[]>('a list', [], Array.isArray);
export const httpUrl = expecting(
  'an address that begins with http:// or https://',
  '',
  (value): value is string => isText(value) && /^https?:\/\/[^\s/]/.test(value),
);

export const oneOf = <Word extends string>(...words: readonly [Word, ...Word[]]): Check<Word> =>
  expecting(`one of ${words.join(', ')}`, words[0], (value): value is Word => words.some((word) => word === value));

/** Null and what is left out count as the default. */
export const otherwise =
  <Value, Default>(check: Check<Value>, byDefault: Default): Check<Value | Default> =>
  (value, path, faults) =>
    value === undefined || value === null ? byDefault : check(value, path, faults);

export const listOf =
  <Value>(check: Check<Value>): Check<readonly Value[]> =>
  (value, path, faults) =>
    list(value, path, faults).map((each, index) => check(each, `${path}[${String(index)}]`, faults));

const under = (path: string, name: string): string => (path === '' ? name : `${path}.${name}`);

type Checks<Shape extends object> = { readonly [Name in keyof Shape]: Check<Shape[Name]> };

/** An object with some members that are known, and others that stay as they are. */
export const someMembers =
  <Shape extends object>(checks: Checks<Shape>): Check<Shape & JsonMembers> =>
  (value, path, faults) => {
    const given = object(value, path, faults);
    // Of something else no members are missed.
    const inside = isObject(value) ? faults : new Faults();
    const names = Object.keys(checks) as (keyof Shape & string)[];
    const known = names.map((name) => [name, checks[name](memberOf(given, name), under(path, name), inside)] as const);
    return { ...given, ...(Object.fromEntries(known) as Shape) };
  };

/** An object all of whose members are known: others are faults. */
export const members =
  <Shape extends object>(checks: Checks<Shape>): Check<Shape> =>
  (value, path, faults) => {
    for (const name of Object.keys(isObject(value) ? value : {})) {
      if (Object.hasOwn(checks, name)) continue;
      faults.add(under(path, name), `is unknown here; known are ${Object.keys(checks).join(', ')}`);
    }
    return someMembers(checks)(value, path, faults);
  };

/** A member, but nothing that every object inherits. */
const memberOf = (value: JsonMembers, name: string): unknown => (Object.hasOwn(value, name) ? value[name] : undefined);
