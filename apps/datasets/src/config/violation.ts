import type { ErrorObject } from 'ajv/dist/2020.js';

/** A broken rule of a schema, said in the words of Python's `jsonschema`, which clients search (IceProd contract 5). */
export interface Violation {
  /** From the config to the value that breaks the rule. */
  readonly path: readonly (string | number)[];
  readonly message: string;
}

/** Longest value that is shown; what does not fit says nothing more to a reader of one line. */
const SHOWN_CHARACTERS_MAX = 100;

const quoted = (text: string): string =>
  text.includes("'") && !text.includes('"')
    ? `"${text}"`
    : `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'").replaceAll('\n', '\\n')}'`;

const written = (value: unknown): string => {
  if (value === null || value === undefined) return 'None';
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  if (typeof value === 'string') return quoted(value.slice(0, SHOWN_CHARACTERS_MAX));
  if (Array.isArray(value)) return `[${someOf(value, written)}]`;
  if (typeof value === 'object') {
    return `{${someOf(Object.entries(value), ([name, inner]) => `${quoted(name)}: ${written(inner)}`)}}`;
  }
  return JSON.stringify(value);
};

/** Stops writing when there is enough, so that a huge value costs nothing. */
const someOf = <Element>(elements: readonly Element[], write: (element: Element) => string): string => {
  let text = '';
  for (const element of elements) {
    if (text.length > SHOWN_CHARACTERS_MAX) return `${text}, ...`;
    text += `${text === '' ? '' : ', '}${write(element)}`;
  }
  return text;
};

/** A value as Python would print it, cut to what fits into a reason phrase. */
export const pythonText = (value: unknown): string => {
  const whole = written(value);
  return whole.length > SHOWN_CHARACTERS_MAX ? `${whole.slice(0, SHOWN_CHARACTERS_MAX)}...` : whole;
};

const isEmpty = (value: unknown): boolean =>
  typeof value === 'string' || Array.isArray(value) ? value.length === 0 : Object.keys(value ?? {}).length === 0;

const tooShort = (value: unknown): string =>
  `${pythonText(value)} ${isEmpty(value) ? 'should be non-empty' : 'is too short'}`;

const messageOf = ({ keyword, params, data, message }: ErrorObject): string => {
  const given = params as Readonly<Record<string, unknown>>;
  switch (keyword) {
    case 'required':
      return `${pythonText(given['missingProperty'])} is a required property`;
    case 'additionalProperties':
      return `Additional properties are not allowed (${pythonText(given['additionalProperty'])} was unexpected)`;
    case 'type': {
      const types = [given['type']].flat().map((type) => pythonText(type));
      return `${pythonText(data)} is not of type ${types.join(', ')}`;
    }
    case 'enum':
      return `${pythonText(data)} is not one of ${pythonText(given['allowedValues'])}`;
    case 'minItems':
    case 'minLength':
    case 'minProperties':
      return tooShort(data);
    case 'maxLength':
      return `${pythonText(data)} is too long`;
    default:
      return message ?? 'is not valid';
  }
};

/** Ajv tells places as JSON pointers; whether a piece is an index or a name, the config itself tells. */
const pathOf = (config: unknown, pointer: string): readonly (string | number)[] => {
  let value = config;
  return pointer
    .split('/')
    .slice(1)
    .map((piece) => {
      const name = piece.replaceAll('~1', '/').replaceAll('~0', '~');
      const inArray = Array.isArray(value);
      value = (value as Readonly<Record<string, unknown>> | undefined)?.[name];
      return inArray ? Number(name) : name;
    });
};

/** Keywords that only gather what others found. */
const GATHERING: readonly string[] = ['if', 'allOf'];

/** Of everything that is wrong, what is nearest to the top: its cause is nearest to what the writer wanted to say. */
export const worstViolation = (config: unknown, found: readonly ErrorObject[]): Violation | undefined => {
  let worst: ErrorObject | undefined;
  let leastDepth = Number.POSITIVE_INFINITY;
  for (const error of found) {
    const depth = error.instancePath.split('/').length;
    if (GATHERING.includes(error.keyword) || depth >= leastDepth) continue;
    worst = error;
    leastDepth = depth;
  }
  return worst === undefined ? undefined : { path: pathOf(config, worst.instancePath), message: messageOf(worst) };
};

/** `['tasks'][0]['trays']` */
export const pathText = (path: readonly (string | number)[]): string =>
  path.map((step) => `[${typeof step === 'number' ? String(step) : quoted(step)}]`).join('');
