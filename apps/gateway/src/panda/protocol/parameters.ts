import { isObject } from '#platform/json-object.js';
import { cast, castError } from './casting.js';
import type { Parameter, PandaFunction, Parameters, TypeName } from './function.js';
import { check, type Typed } from './typing.js';

/** Parameters as they were sent, by the names that were sent. */
export type Sent = ReadonlyMap<string, unknown>;

/**
 * How parameters came: `text` is a query string or form, whose values are texts and lists of texts (contract 1.5); `json` a body with types
 * of its own (contract 1.6).
 */
export type Encoding = 'text' | 'json';

/** What a handler gets, or the first thing that is wrong. */
export type Read = { readonly values: Readonly<Record<string, unknown>> } | { readonly problem: string };

type Reader = (sent: Sent, encoding: Encoding) => Read;

/** A parameter with its name and all names that it may be sent by. */
interface Named extends Parameter {
  readonly name: string;
  readonly names: readonly string[];
}

const namedOf = (parameters: Parameters): readonly Named[] =>
  Object.entries(parameters).map(([name, parameter]) => ({
    ...parameter,
    name,
    names: [name, ...(parameter.aliases ?? [])],
  }));

const sentNameOf = ({ name, names }: Named, sent: Sent): string | undefined =>
  sent.has(name) ? name : names.length > 1 ? names.find((alias) => sent.has(alias)) : undefined;

/** What is missing comes before what is unknown (contract 1.6). A parameter is sent by one of its names only (D19). */
const nameProblem = (
  parameters: readonly Named[],
  names: readonly (string | undefined)[],
  sent: Sent,
  ignoresUnknown: boolean,
): string | undefined => {
  const missing = parameters.find((parameter, at) => parameter.required && names[at] === undefined);
  if (missing !== undefined) return `Argument error: missing a required argument: '${missing.name}'`;
  if (ignoresUnknown) return undefined;
  const unknown = [...sent.keys()].find((name) => !names.includes(name));
  return unknown === undefined ? undefined : `Argument error: got an unexpected keyword argument '${unknown}'`;
};

const fromText = ({ type, fallback, accepts }: Named, name: string, value: unknown): Typed => {
  if (value === 'None' && fallback === null) return { value: null };
  const made = cast(type, value) ?? accepts?.(value);
  return made === undefined ? { problem: castError(name, type, value) } : { value: made };
};

const fromJson = ({ type, fallback, accepts }: Named, name: string, value: unknown): Typed => {
  if (value === fallback) return { value };
  const checked = check(name, type, value);
  if ('value' in checked) return checked;
  const accepted = accepts?.(value);
  return accepted === undefined ? checked : { value: accepted };
};

const isFile = (type: TypeName, value: unknown): boolean => type === 'file' && isObject(value) && 'content' in value;

const READ: Readonly<Record<Encoding, (parameter: Named, name: string, value: unknown) => Typed>> = {
  text: fromText,
  json: fromJson,
};

const newReader = ({ parameters, ignoresUnknown }: PandaFunction): Reader => {
  const named = namedOf(parameters);
  return (sent, encoding) => {
    const names = named.map((parameter) => sentNameOf(parameter, sent));
    const problem = nameProblem(named, names, sent, ignoresUnknown === true);
    if (problem !== undefined) return { problem };
    const values: Record<string, unknown> = {};
    for (const [at, parameter] of named.entries()) {
      const sentName = names[at];
      const value = sentName === undefined ? parameter.fallback : sent.get(sentName);
      if (sentName === undefined || isFile(parameter.type, value)) {
        values[parameter.name] = value;
        continue;
      }
      const typed = READ[encoding](parameter, sentName, value);
      if ('problem' in typed) return typed;
      values[parameter.name] = typed.value;
    }
    return { values };
  };
};

/** A value of a JSON body of the legacy API as the text that a form would hold; lists and objects become JSON text (contract 1.4). */
const asText = (value: unknown): unknown => {
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  if (typeof value === 'number') return String(value);
  return isObject(value) || Array.isArray(value) ? JSON.stringify(value) : value;
};

/** Types whose native values handlers of the legacy API get as they are. */
const NATIVE: readonly TypeName[] = ['untyped', 'list', 'dict', 'List[int]', 'List[str]', 'json'];

const fromLegacy = (parameter: Named, value: unknown): unknown => {
  const { type, fallback, accepts } = parameter;
  if (value === null || value === undefined || (value === 'None' && fallback === null)) return fallback;
  if (NATIVE.includes(type)) {
    const checked = check('', type, value);
    if ('value' in checked) return checked.value;
  }
  return cast(type, asText(value)) ?? accepts?.(value) ?? fallback;
};

/** Legacy functions ignore what they do not know, and count a value that they cannot read as left out: a heartbeat must not be lost for it. */
const legacyReader = ({ parameters }: PandaFunction): Reader => {
  const named = namedOf(parameters);
  return (sent) => {
    const values: Record<string, unknown> = {};
    for (const parameter of named) {
      const sentName = sentNameOf(parameter, sent);
      const value = sentName === undefined ? undefined : sent.get(sentName);
      values[parameter.name] = isFile(parameter.type, value) ? value : fromLegacy(parameter, value);
      if (parameter.required && values[parameter.name] === undefined) {
        return { problem: `Argument error: missing a required argument: '${parameter.name}'` };
      }
    }
    return { values };
  };
};

/** Compiles a function's parameters into what reads them from requests. */
export const readerOf = (declared: PandaFunction): Reader =>
  declared.api === 'legacy' ? legacyReader(declared) : newReader(declared);
