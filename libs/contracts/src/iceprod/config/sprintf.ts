import { trimEnd } from '#platform/trim-characters.js';
import { parseNumeric } from './arithmetic.js';

const DIRECTIVE = /%([-+ 0#]*)([1-9]\d*)?(?:\.(\d+))?([diouxXeEfFgGsc%])/g;

/** A width beyond this is a typing error, not a file name. */
const WIDTH_MAX = 1024;

/** More digits than this JavaScript does not write behind the point. */
const PRECISION_MAX = 100;

const exponent = (text: string): string => text.replace(/e([+-])(\d)$/, 'e$10$2');

/** `%g`: the shorter of plain and exponent form, without trailing zeros. */
const general = (value: number, precision: number): string => {
  if (value === 0) return '0';
  const digits = Math.max(1, precision);
  const [mantissa = '', power = '0'] = value.toExponential(digits - 1).split('e');
  const shorten = (text: string): string => (text.includes('.') ? trimEnd(trimEnd(text, '0'), '.') : text);
  if (Number(power) < -4 || Number(power) >= digits) return exponent(`${shorten(mantissa)}e${power}`);
  return shorten(value.toFixed(Math.min(PRECISION_MAX, digits - 1 - Number(power))));
};

const convert = (type: string, argument: string, precision: number | undefined): string | undefined => {
  if (type === 's') return precision === undefined ? argument : argument.slice(0, precision);
  if (type === 'c') return argument.slice(0, 1);
  const value = parseNumeric(argument);
  if (value === undefined) return undefined;
  if ('diuxXo'.includes(type)) {
    if (value === Infinity || value === -Infinity) return undefined;
    const integer = typeof value === 'bigint' ? value : BigInt(Math.trunc(value));
    if (type === 'x') return integer.toString(16);
    if (type === 'X') return integer.toString(16).toUpperCase();
    return type === 'o' ? integer.toString(8) : integer.toString();
  }
  const number = Number(value);
  const text =
    type === 'e' || type === 'E'
      ? exponent(number.toExponential(precision ?? 6))
      : type === 'g' || type === 'G'
        ? general(number, precision ?? 6)
        : number.toFixed(precision ?? 6);
  return type === type.toUpperCase() ? text.toUpperCase() : text;
};

const pad = (text: string, flags: string, width: number, numeric: boolean): string => {
  const signed = numeric && !text.startsWith('-') ? (/[+ ]/.exec(flags)?.[0] ?? '') + text : text;
  if (flags.includes('-')) return signed.padEnd(width);
  if (!numeric || !flags.includes('0')) return signed.padStart(width);
  const sign = /^[-+ ]/.exec(signed)?.[0] ?? '';
  return sign + signed.slice(sign.length).padStart(width - sign.length, '0');
};

/** Longer texts are no names of files either. */
const RESULT_CHARACTERS_MAX = 1024 * 1024;

/** C's `sprintf` over texts; `undefined` when an argument is missing or is no number where one is needed, or the result is too long. */
export const sprintf = (format: string, args: readonly string[]): string | undefined => {
  let next = 0;
  let characters = 0;
  const refused: string[] = [];
  const text = format.replace(
    DIRECTIVE,
    (_, flags: string, width: string | undefined, precision: string | undefined, type: string) => {
      if (type === '%') return '%';
      const argument = args[next];
      next += 1;
      const converted =
        argument === undefined
          ? undefined
          : convert(type, argument, precision === undefined ? undefined : Math.min(Number(precision), PRECISION_MAX));
      if (converted === undefined || characters > RESULT_CHARACTERS_MAX) return String(refused.push(type));
      const padded = pad(converted, flags, Math.min(Number(width ?? 0), WIDTH_MAX), !'sc'.includes(type));
      characters += padded.length;
      return padded;
    },
  );
  return refused.length > 0 ? undefined : text;
};
