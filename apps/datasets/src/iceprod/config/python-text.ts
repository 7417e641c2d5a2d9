import { NumberText } from '#contracts/iceprod/config/json.js';

/** Longest value that is shown; what does not fit says nothing more to a reader of one line. */
const SHOWN_CHARACTERS_MAX = 100;

const ESCAPES: Readonly<Record<string, string>> = { '\\': '\\\\', '\n': '\\n', '\r': '\\r', '\t': '\\t' };

/** What Python calls not printable, and the backslash. */
const UNPRINTABLE = /[\\\p{C}\p{Zl}\p{Zp}]|(?! )\p{Zs}/gu;

const escaped = (character: string): string => {
  const known = ESCAPES[character];
  if (known !== undefined) return known;
  const code = character.codePointAt(0) ?? 0;
  const hex = code.toString(16);
  if (code <= 0xff) return `\\x${hex.padStart(2, '0')}`;
  return code <= 0xffff ? `\\u${hex.padStart(4, '0')}` : `\\U${hex.padStart(8, '0')}`;
};

const quoted = (text: string): string => {
  const printable = text.replace(UNPRINTABLE, escaped);
  return text.includes("'") && !text.includes('"') ? `"${printable}"` : `'${printable.replaceAll("'", "\\'")}'`;
};

const floatText = (value: number): string => {
  if (!Number.isFinite(value)) return value < 0 ? '-inf' : 'inf';
  const [digits = '', power = ''] = value.toExponential().split('e');
  const exponent = Number(power);
  if (exponent < -4 || exponent >= 16) {
    return `${digits}e${exponent < 0 ? '-' : '+'}${String(Math.abs(exponent)).padStart(2, '0')}`;
  }
  const sign = Object.is(value, -0) ? '-' : '';
  return `${sign}${value}${Number.isInteger(value) ? '.0' : ''}`;
};

/** A number without point and exponent is an integer of any size there. */
const numberText = (text: string): string => {
  if (!/^-?\d+$/.test(text)) return floatText(Number(text));
  return text === '-0' ? '0' : text;
};

const written = (value: unknown): string => {
  if (value === null || value === undefined) return 'None';
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  if (typeof value === 'string') return quoted(value.slice(0, SHOWN_CHARACTERS_MAX));
  if (value instanceof NumberText) return numberText(value.text);
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

/** `['tasks'][0]['trays']` */
export const pathText = (path: readonly (string | number)[]): string =>
  path.map((step) => `[${typeof step === 'number' ? String(step) : quoted(step)}]`).join('');
