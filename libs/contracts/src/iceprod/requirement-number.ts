import { kindOf } from '../raw-json.js';

/** Decimal numbers only: JavaScript would also read other bases, which other programs do not. */
const DECIMAL = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d+)?$/i;

/** Longer texts than any finite number needs are no numbers. */
const DECIMAL_CHARACTERS_MAX = 1000;

/** The value of a number, or of a string with a number. Undefined for anything else, and for texts that are too long. */
export const numberOf = (raw: string | undefined): number | undefined => {
  if (raw === undefined) return undefined;
  const kind = kindOf(raw);
  if (raw.length > DECIMAL_CHARACTERS_MAX || (kind !== 'number' && kind !== 'string')) return undefined;
  const text = kind === 'string' ? (JSON.parse(raw) as string).trim() : raw;
  const value = DECIMAL.test(text) ? Number(text) : Number.NaN;
  return Number.isFinite(value) ? value : undefined;
};
