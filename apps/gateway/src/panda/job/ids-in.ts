/** PandaIDs of a list with commas; what is no number is 0, which no job has. */
export const idsIn = (text: string): readonly number[] =>
  text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '')
    .map((part) => (/^\d{1,15}$/u.test(part) ? Number(part) : 0));
