import type { ChangeSecretsRequest } from '#contracts/panda/secrets.js';

/** Secrets of an owner: texts by key (contract 3.13). */
export type Secrets = Readonly<Record<string, string>>;

/** Keys of secrets that hold a file, in base 64, begin so. */
const FILE_PREFIX = '___file___:';

/** The secrets after a change (contract 6.1). */
export const changed = (secrets: Secrets, { key, value }: Omit<ChangeSecretsRequest, 'owner'>): Secrets => {
  if (key === null) return {};
  // Not as a spread: a key may be `__proto__`.
  const entries = new Map(Object.entries(secrets));
  if (value !== null) entries.set(key, value);
  else for (const name of [key, FILE_PREFIX + key]) entries.delete(name);
  return Object.fromEntries(entries);
};

/** As Python writes it: clients show it. Of some keys only, if they are named. */
export const secretsText = (secrets: Secrets, keys?: readonly string[]): string => {
  const members = Object.entries(secrets)
    .filter(([key]) => keys === undefined || keys.includes(key))
    .map(([key, value]) => `${JSON.stringify(key)}: ${JSON.stringify(value)}`);
  return `{${members.join(', ')}}`;
};
