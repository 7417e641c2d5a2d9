/** Text cannot be split into words. The message says why. */
export class NotWords extends Error {
  override readonly name = 'NotWords';
}

/**
 * Splits text into words as a POSIX shell does, with its quotes and backslashes, but without a shell: nothing is expanded or run.
 *
 * @throws NotWords when a quote is not closed, or when the text holds line ends or other control characters
 */
export const shellWords = (text: string): readonly string[] => {
  if (/[^\P{Cc}\t]/u.test(text)) throw new NotWords('it holds a line end or another control character');
  const words: string[] = [];
  /** `undefined` between words: quotes can make an empty one. */
  let word: string | undefined;
  let quote = '';
  for (let at = 0; at < text.length; at += 1) {
    const character = text.charAt(at);
    const next = text.charAt(at + 1);
    if (character === '\\' && quote !== "'") {
      if (next === '') throw new NotWords('it ends with a backslash');
      // In double quotes, a backslash before another character stands for itself.
      word = (word ?? '') + (quote === '"' && !'$`"\\'.includes(next) ? character + next : next);
      at += 1;
    } else if (quote === '' ? character === "'" || character === '"' : character === quote) {
      quote = quote === '' ? character : '';
      word ??= '';
    } else if (quote === '' && (character === ' ' || character === '\t')) {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else {
      word = (word ?? '') + character;
    }
  }
  if (quote !== '') throw new NotWords(`the quote ${quote} is not closed`);
  return word === undefined ? words : [...words, word];
};

/** A word that a POSIX shell reads as this very text. */
export const shellQuoted = (text: string): string =>
  /^[\w/.:=@%+-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`;
