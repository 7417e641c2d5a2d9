/** What pickles of statistics are made of. */
export type Picklable = number | { readonly [name: string]: Picklable };

/** Everything beyond printable ASCII is escaped, and the backslash, which escapes. */
const escaped = (text: string): string =>
  text.replaceAll(/[^ -~]|\\/gu, (character) => `\\U${(character.codePointAt(0) ?? 0).toString(16).padStart(8, '0')}`);

/** A value as Python's pickle writes it in protocol 0, which is plain ASCII (PanDA contract 12, getJobStatisticsPerSite). */
export const pickled = (value: Picklable): string => `${pickle(value)}.`;

const pickle = (value: Picklable): string => {
  if (typeof value === 'number') return `I${value}\n`;
  const items = Object.entries(value).map(([name, member]) => `V${escaped(name)}\n${pickle(member)}s`);
  return `(d${items.join('')}`;
};
