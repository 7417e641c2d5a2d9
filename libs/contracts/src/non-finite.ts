import { behindString } from './raw-json.js';

/** Matches what Python's `json` writes for non-finite numbers, and the start of strings, whose content is skipped. */
const TOKEN = /"|NaN|-?Infinity/g;

/**
 * Replaces `NaN` and infinities in text of Python's `json` by `null`. Undefined when there are none. Only for text that
 * `JSON.parse` has refused.
 *
 * @throws SyntaxError when a string does not end
 */
export const withoutNonFinite = (text: string): string | undefined => {
  const token = new RegExp(TOKEN);
  let valid = '';
  let copied = 0;
  for (let found = token.exec(text); found !== null; found = token.exec(text)) {
    if (found[0] === '"') {
      token.lastIndex = behindString(text, found.index);
      continue;
    }
    valid += `${text.slice(copied, found.index)}null`;
    copied = token.lastIndex;
  }
  return copied === 0 ? undefined : valid + text.slice(copied);
};

/** A text with null in place of these numbers, and its value. Undefined when it is not valid JSON even so. */
export const nonFiniteAsNull = (text: string): { readonly valid: string; readonly value: unknown } | undefined => {
  try {
    const valid = withoutNonFinite(text);
    return valid === undefined ? undefined : { valid, value: JSON.parse(valid) as unknown };
  } catch {
    return undefined;
  }
};

/** The first non-finite number in a text, outside strings. */
export const nonFiniteIn = (text: string): string | undefined => {
  const token = new RegExp(TOKEN);
  for (let found = token.exec(text); found !== null; found = token.exec(text)) {
    if (found[0] !== '"') return found[0];
    token.lastIndex = behindString(text, found.index);
  }
  return undefined;
};
