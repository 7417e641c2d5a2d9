/** A number as it was written: `1.0` stays `1.0` in a command line and 2^60 loses no digit. */
export class NumberText {
  constructor(readonly text: string) {}
}

export type Json = null | boolean | string | NumberText | readonly Json[] | JsonObject;

export interface JsonObject {
  readonly [key: string]: Json;
}

export const isObject = (value: Json | undefined): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof NumberText);

export const isArray = (value: Json | undefined): value is readonly Json[] => Array.isArray(value);

const fromParsed = (value: unknown): Json => {
  if (value === null || typeof value === 'boolean' || typeof value === 'string') return value;
  if (value instanceof NumberText) return value;
  if (Array.isArray(value)) return value.map(fromParsed);
  return typeof value === 'object'
    ? Object.fromEntries(Object.entries(value).map(([key, item]: [string, unknown]) => [key, fromParsed(item)]))
    : null;
};

/** Parses JSON and keeps the texts of numbers. */
export const parseJson = (text: string): Json =>
  fromParsed(
    JSON.parse(text, (_, value: unknown, context?: { readonly source?: string }) =>
      typeof value === 'number' ? new NumberText(context?.source ?? String(value)) : value,
    ),
  );

/** Writes back what {@link parseJson} read. */
export const writeJson = (value: Json): string => {
  if (value instanceof NumberText) return value.text;
  if (isArray(value)) return `[${value.map(writeJson).join(',')}]`;
  if (!isObject(value)) return JSON.stringify(value);
  const members = Object.entries(value).map(([key, item]) => `${JSON.stringify(key)}:${writeJson(item)}`);
  return `{${members.join(',')}}`;
};

/** Formats a value as Python does, the language of configs. */
export const toText = (value: Json): string => {
  if (typeof value === 'string') return value;
  if (value === null) return 'None';
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  return writeJson(value);
};

/** Member of an object; `undefined` when there is no object or no such member. */
export const member = (value: Json | undefined, key: string): Json | undefined =>
  isObject(value) && Object.hasOwn(value, key) ? value[key] : undefined;

export const textOf = (value: Json | undefined, key: string): string => {
  const found = member(value, key);
  return typeof found === 'string' ? found : found instanceof NumberText ? found.text : '';
};

export const numberOf = (value: Json | undefined, key: string): number | undefined => {
  const found = member(value, key);
  return found instanceof NumberText ? Number(found.text) : undefined;
};

export const objectOf = (value: Json | undefined, key: string): JsonObject => {
  const found = member(value, key);
  return isObject(found) ? found : {};
};

/** Elements of an array member; old configs write `null` for none. */
export const arrayOf = (value: Json | undefined, key: string): readonly Json[] => {
  const found = member(value, key);
  return isArray(found) ? found : [];
};
