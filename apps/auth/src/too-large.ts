/** What users write must fit into an event, with room for what JSON escapes. */
const WORDS_BYTES_MAX = 128 * 1024;

export const isTooLarge = (...words: readonly unknown[]): boolean =>
  Buffer.byteLength(JSON.stringify(words)) > WORDS_BYTES_MAX;
