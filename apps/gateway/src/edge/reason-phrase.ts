/** Longest reason phrase sent; the body always carries the whole text. */
export const REASON_PHRASE_MAX = 512;

/**
 * What may stand in the status line of an HTTP/1.1 answer: an unclean reason phrase makes Node.js throw where nothing
 * catches it.
 */
export const reasonPhrase = (text: string): string =>
  text
    .slice(0, REASON_PHRASE_MAX)
    .replace(/\p{Cc}+/gu, ' ')
    .replace(/[^\x20-\xff]/gu, '?')
    .trim();
