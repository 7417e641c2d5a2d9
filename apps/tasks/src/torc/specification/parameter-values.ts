import { DomainError } from '#platform/domain-error.js';
import { badRequest } from '#contracts/torc/refusals.js';

/** A specification may not become larger than so many jobs, files and user data. */
export const EXPANDED_MAX = 250_000;

export type ParameterValue = number | string;

const RANGE = /^(-?\d+(?:\.\d+)?):(-?\d+(?:\.\d+)?)(?::(-?\d+(?:\.\d+)?))?$/;

/** Digits that a sum of decimals keeps: further ones are its rounding error. */
const SIGNIFICANT_DIGITS = 12;

const tooMany = (): DomainError => badRequest(`it has more than ${EXPANDED_MAX} values`);

/** Values from the first to the last, both included. */
const rangeValues = (first: number, last: number, step: number): readonly number[] | DomainError => {
  if (step === 0) return badRequest('the step of a range may not be 0');
  const count = Math.floor((last - first) / step + 1e-9) + 1;
  if (count > EXPANDED_MAX) return tooMany();
  if (count < 1) return badRequest('the range is empty');
  return Array.from({ length: count }, (_, at) => Number((first + at * step).toPrecision(SIGNIFICANT_DIGITS)));
};

/** `a`, `'a'`, `"a"` and `1.5` as elements of a list. */
const element = (text: string): ParameterValue => {
  const trimmed = text.trim();
  const quoted = /^'(.*)'$/s.exec(trimmed) ?? /^"(.*)"$/s.exec(trimmed);
  if (quoted !== null) return quoted[1] ?? '';
  return trimmed !== '' && Number.isFinite(Number(trimmed)) ? Number(trimmed) : trimmed;
};

const listValues = (text: string): readonly ParameterValue[] | DomainError => {
  const parts = text.trim() === '' ? [] : text.split(',');
  if (parts.length > EXPANDED_MAX) return tooMany();
  return parts.length === 0 ? badRequest('the list is empty') : parts.map(element);
};

const isScalar = (value: unknown): value is ParameterValue => typeof value === 'string' || typeof value === 'number';

/**
 * The values of a parameter: of a range `1:100` or `0:1:0.25`, both ends included; of a list `[0.1, 0.01]` as text or as JSON;
 * or a single value.
 */
export const parameterValues = (value: unknown): readonly ParameterValue[] | DomainError => {
  if (typeof value === 'number') return [value];
  if (Array.isArray(value)) {
    if (value.length > EXPANDED_MAX) return tooMany();
    const scalars = value.filter(isScalar);
    return scalars.length === value.length && scalars.length > 0
      ? scalars
      : badRequest('a list of values has numbers and strings, one at least');
  }
  if (typeof value !== 'string') return badRequest('it must be a range such as "1:100", or a list of values');
  const text = value.trim();
  const range = RANGE.exec(text);
  if (range !== null) {
    const [, first = '', last = '', step = '1'] = range;
    return rangeValues(Number(first), Number(last), Number(step));
  }
  return text.startsWith('[') && text.endsWith(']') ? listValues(text.slice(1, -1)) : [value];
};

const FORMAT = /^(0)?(\d{1,3})?(?:\.(\d{1,2}))?([dfes])?$/;

/** A value in a template with a format such as `03d` or `.4f`; refused when the format does not fit. */
export const formatted = (value: ParameterValue, format: string): string | DomainError => {
  const match = FORMAT.exec(format);
  if (match === null) return badRequest(`${JSON.stringify(format)} is not a format such as 03d or .4f`);
  const [, zero, width = '0', digits, kind = digits === undefined ? 's' : 'f'] = match;
  let text = String(value);
  if (kind !== 's') {
    if (typeof value !== 'number') return badRequest(`${JSON.stringify(value)} is not a number, as ${format} asks for`);
    if (kind === 'd' && !Number.isInteger(value))
      return badRequest(`${value} is not an integer, as ${format} asks for`);
    if (kind === 'f') text = value.toFixed(Number(digits ?? 6));
    if (kind === 'e') text = value.toExponential(Number(digits ?? 6));
  }
  if (zero === undefined) return text.padStart(Number(width));
  const sign = text.startsWith('-') ? '-' : '';
  return sign + text.slice(sign.length).padStart(Number(width) - sign.length, '0');
};
