import { isObject } from '#platform/json-object.js';

/** A finite number, or the one that a text is; undefined of anything else. */
export const numberIn = (value: unknown): number | undefined => {
  const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
  return typeof number === 'number' && Number.isFinite(number) ? number : undefined;
};

/** The same of whole numbers. */
export const wholeIn = (value: unknown): number | undefined => {
  const number = numberIn(value);
  return Number.isSafeInteger(number) ? number : undefined;
};

/** Name of a value's type in messages (contract 1.6). */
export const pythonTypeOf = (value: unknown): string => {
  if (value === null || value === undefined) return 'NoneType';
  if (typeof value === 'string') return 'str';
  if (typeof value === 'boolean') return 'bool';
  if (typeof value === 'number') return Number.isInteger(value) ? 'int' : 'float';
  return Array.isArray(value) ? 'list' : 'dict';
};

/** A text in quotes as Python's `repr` writes it. */
const quoted = (text: string): string => {
  const quote = text.includes("'") && !text.includes('"') ? '"' : "'";
  const escaped = text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n').replaceAll('\r', '\\r').replaceAll('\t', '\\t');
  return quote + (quote === "'" ? escaped.replaceAll("'", "\\'") : escaped) + quote;
};

/** A value as Python's `repr` writes it. */
export const pythonRepr = (value: unknown): string => {
  if (value === null || value === undefined) return 'None';
  if (typeof value === 'string') return quoted(value);
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  if (Array.isArray(value)) return `[${value.map(pythonRepr).join(', ')}]`;
  if (isObject(value)) {
    return `{${Object.entries(value)
      .map(([name, member]) => `${quoted(name)}: ${pythonRepr(member)}`)
      .join(', ')}}`;
  }
  return typeof value === 'number' ? String(value) : 'object';
};

/** An object as Python's `json` writes it: JSON text with blanks behind commas and colons, on its first level. */
export const pythonJson = (members: Readonly<Record<string, unknown>>): string =>
  `{${Object.entries(members)
    .map(([name, member]) => `${JSON.stringify(name)}: ${JSON.stringify(member)}`)
    .join(', ')}}`;

/** A value as Python's `str` writes it: texts as they are. */
export const pythonText = (value: unknown): string => (typeof value === 'string' ? value : pythonRepr(value));
