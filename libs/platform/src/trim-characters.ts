/** A text without the characters at its end that are in `characters`. Linear, where a pattern such as `/\/+$/` is quadratic. */
export const trimEnd = (text: string, characters: string): string => {
  let end = text.length;
  while (end > 0 && characters.includes(text.charAt(end - 1))) end -= 1;
  return text.slice(0, end);
};

/** A text without the characters at its start that are in `characters`. */
export const trimStart = (text: string, characters: string): string => {
  let start = 0;
  while (start < text.length && characters.includes(text.charAt(start))) start += 1;
  return text.slice(start);
};
