/** `slot1@node1.example.org` is on the host behind the sign (contract 3.8). */
export const hostOf = (name: string): string => name.slice(name.indexOf('@') + 1);

/** The model of a CPU without what says nothing: marks, the word CPU, the clock speed. */
export const normalizedCpu = (model: string): string => {
  const [name = ''] = model.split('@');
  return name
    .replace(/\((?:R|TM|C)\)/gi, ' ')
    .replace(/\b(?:CPU|processor)\b/gi, ' ')
    .replace(/\s+/g, ' ')
    .trim();
};
