import { behindString } from './raw-json.js';

/** What Python's `json` writes for numbers that JSON does not have, and strings, in which these words mean nothing. */
const TOKEN = /"|NaN|-?Infinity/g;

/**
 * Text that Python's `json` wrote, with `null` for `NaN` and the infinities; undefined when none is in it. Only for text that
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

/** The first such number in a text; undefined when there is none outside of strings. */
export const nonFiniteIn = (text: string): string | undefined => {
  const token = new RegExp(TOKEN);
  for (let found = token.exec(text); found !== null; found = token.exec(text)) {
    if (found[0] !== '"') return found[0];
    token.lastIndex = behindString(text, found.index);
  }
  return undefined;
};
