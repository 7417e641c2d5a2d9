/** What is deleted from a distinguished name, in this order (PanDA contract 2.3). */
const DELETED = [
  /\/(?:DC|O|OU|C|L)=[^/]*/g,
  /\/CN=\d+(?=\/|$)/g,
  / \d+/g,
  /_\d+/g,
  /\/CN=proxy(?=\/|$)/g,
  /\/CN=limited proxy(?=\/|$)/g,
  /limited proxy/g,
  /\/CN=Robot:[^/]*/g,
  /\/CN=nickname:[^/]*/g,
] as const;

const COMMON_NAME = '/CN=';

const commonName = (text: string): string => {
  const parts = text.split(COMMON_NAME);
  return parts.length > 2 ? (parts.at(-1) ?? '') : parts.join('');
};

const withoutTrailingAddress = (text: string): string => {
  const at = text.lastIndexOf(' ');
  const before = text.slice(0, Math.max(at, 0));
  return text.slice(at + 1).includes('@') && before.trim().includes(' ') ? before : text;
};

/** The name by which tasks, jobs, secrets and files know a user (PanDA contract 2.3). */
export const compactName = (dn: string): string => {
  const left = DELETED.reduce((text, expression) => text.replace(expression, ''), dn);
  const [beforeEmail = ''] = commonName(left).split(/\/email/i, 1);
  return withoutTrailingAddress(beforeEmail.replace(/[()']/g, '').trim()).trim();
};
