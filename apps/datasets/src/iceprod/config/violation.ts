import type { ErrorObject } from 'ajv/dist/2020.js';
import { parseJson } from '#contracts/iceprod/config/json.js';
import { pythonText } from './python-text.js';

/** A step from a value to one inside it. */
type Step = string | number;

/** A broken rule of a schema, said in the words of Python's `jsonschema`, which clients search (IceProd contract 5). */
export interface Violation {
  /** From the config to the value that breaks the rule. */
  readonly path: readonly Step[];
  readonly message: string;
}

const valueIn = (value: unknown, step: Step): unknown =>
  typeof value === 'object' && value !== null && Object.hasOwn(value, step) ? Reflect.get(value, step) : undefined;

/** One broken rule as the validator found it, at its place in the config. */
interface Found {
  readonly path: readonly Step[];
  readonly error: ErrorObject;
  /** The value has the type that the broken schema asks for. */
  readonly isOfType: boolean;
  /** Where the keyword stands in its schema. */
  readonly place: number;
}

/** Ajv tells places as JSON pointers; whether a piece is an index or a name, the config itself tells. */
const pathOf = (config: unknown, pointer: string): readonly Step[] => {
  let value = config;
  return pointer
    .split('/')
    .slice(1)
    .map((piece) => {
      const name = piece.replaceAll('~1', '/').replaceAll('~0', '~');
      const inArray = Array.isArray(value);
      value = valueIn(value, name);
      return inArray ? Number(name) : name;
    });
};

const hasType = (schema: unknown): boolean =>
  typeof schema === 'object' && schema !== null && Object.hasOwn(schema, 'type');

const foundOf = (config: unknown, error: ErrorObject): Found => ({
  path: pathOf(config, error.instancePath),
  error,
  // A value of another type breaks the rule `type`, and only then are there several: the validator stops at it.
  isOfType: error.keyword !== 'type' && hasType(error.parentSchema),
  place: Object.keys(error.parentSchema ?? {}).indexOf(error.keyword),
});

const compareSteps = (one: Step, other: Step): number => (one === other ? 0 : one < other ? -1 : 1);

/** Positive when `one` is what Python's `best_match` prefers: what is higher up, then what comes later. */
const compare = (one: Found, other: Found): number => {
  const depth = other.path.length - one.path.length;
  if (depth !== 0) return depth;
  for (const [index, step] of one.path.entries()) {
    const order = compareSteps(step, other.path[index] ?? '');
    if (order !== 0) return order;
  }
  const type = Number(other.isOfType) - Number(one.isOfType);
  if (type !== 0) return type;
  return one.error.parentSchema === other.error.parentSchema ? other.place - one.place : 0;
};

/** Keywords that only gather what others found. */
const GATHERING: readonly string[] = ['if', 'allOf'];

const unexpected = (names: readonly unknown[]): string => {
  const listed = names.map((name) => pythonText(name)).join(', ');
  return `Additional properties are not allowed (${listed} ${names.length === 1 ? 'was' : 'were'} unexpected)`;
};

const messageOf = ({ keyword, params, message }: ErrorObject, value: unknown, extras: readonly unknown[]): string => {
  const given = params as Readonly<Record<string, unknown>>;
  const shown = pythonText(value);
  switch (keyword) {
    case 'required':
      return `${pythonText(given['missingProperty'])} is a required property`;
    case 'additionalProperties':
      return unexpected(extras);
    case 'type': {
      const types = [given['type']].flat().map((type) => pythonText(type));
      return `${shown} is not of type ${types.join(', ')}`;
    }
    case 'enum':
      return `${shown} is not one of ${pythonText(given['allowedValues'])}`;
    case 'minItems':
    case 'minLength':
      return `${shown} ${given['limit'] === 1 ? 'should be non-empty' : 'is too short'}`;
    case 'minProperties':
      return `${shown} ${given['limit'] === 1 ? 'should be non-empty' : 'does not have enough properties'}`;
    case 'maxLength':
      return `${shown} ${given['limit'] === 0 ? 'is expected to be empty' : 'is too long'}`;
    default:
      return message ?? 'is not valid';
  }
};

/** The value as it was sent; what is only there by default is not in the text. */
const sentValue = (text: string, path: readonly Step[]): unknown => path.reduce<unknown>(valueIn, parseJson(text));

/**
 * Of everything that is wrong with a config, with its defaults filled in, what Python would tell.
 *
 * @param text the config as it was sent
 */
export const worstViolation = (
  text: string,
  config: unknown,
  errors: readonly ErrorObject[],
): Violation | undefined => {
  let worst: Found | undefined;
  for (const error of errors) {
    if (GATHERING.includes(error.keyword)) continue;
    const found = foundOf(config, error);
    if (worst === undefined || compare(found, worst) > 0) worst = found;
  }
  if (worst === undefined) return undefined;
  const { error, path } = worst;
  const extras = errors
    .filter(({ schemaPath, instancePath }) => schemaPath === error.schemaPath && instancePath === error.instancePath)
    .map(({ params }): unknown => (params as Readonly<Record<string, unknown>>)['additionalProperty'])
    .toSorted();
  return { path, message: messageOf(error, sentValue(text, path) ?? error.data, extras) };
};
