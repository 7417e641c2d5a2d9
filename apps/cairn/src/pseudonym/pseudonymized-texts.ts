import type { RecordedEvent } from '#ledger/ledger.js';

/** Members of events, and of documents of users inside them, whose values are names of people. */
const PEOPLE = [
  ...['actor', 'username', 'submitter', 'read_users', 'write_users', 'holder', 'creator', 'subject', 'account'],
  ...['user', 'users', 'owner', 'by', 'userName', 'user_name', 'prodUserName', 'prodUserID', 'dn', 'email'],
] as const;

const ARE_PEOPLE: ReadonlySet<string> = new Set(PEOPLE);

/** Events whose member `name` is one, too. */
const NAMED_PEOPLE: ReadonlySet<string> = new Set(['UserConfigured', 'UserRemoved']);

type Replace = (value: unknown, member: string) => unknown;

const escapedForPattern = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');

/**
 * Finds the name in a text that holds JSON, as values of members that name people. The text may be quoted any number of times: quotes have as
 * many backslashes in front of them as those around them.
 */
const inDocuments = (name: string): RegExp => {
  const blank = '(?:\\s|\\\\+[nrt])*';
  return new RegExp(
    `((\\\\*)"(?:${PEOPLE.join('|')})\\2"${blank}:${blank}\\2")${escapedForPattern(name)}(?=\\2")`,
    'g',
  );
};

/**
 * Puts a pseudonym in the place of a name, wherever an event says in a member of its own, or in one of a document inside it, that it is a name of
 * a person. All else, numbers of documents above all, stays as it is.
 */
export const pseudonymizedTexts = (
  name: string,
  pseudonym: string,
): ((event: Pick<RecordedEvent, 'type' | 'data' | 'metadata'>) => Pick<RecordedEvent, 'data' | 'metadata'>) => {
  const pattern = inDocuments(name);
  const replaceIn =
    (arePeople: (member: string) => boolean): Replace =>
    (value, member) => {
      if (typeof value === 'string') {
        if (value === name) return arePeople(member) ? pseudonym : value;
        return value.includes(name) ? value.replace(pattern, (_whole, before: string) => before + pseudonym) : value;
      }
      const replace = replaceIn(arePeople);
      if (Array.isArray(value)) return value.map((item) => replace(item, member));
      if (typeof value !== 'object' || value === null) return value;
      return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, replace(item, key)]));
    };
  const replaced = (text: string, replace: Replace): string =>
    text.includes(name) ? JSON.stringify(replace(JSON.parse(text), '')) : text;
  const usual = replaceIn((member) => ARE_PEOPLE.has(member));
  const withNames = replaceIn((member) => member === 'name' || ARE_PEOPLE.has(member));
  return ({ type, data, metadata }) => ({
    data: replaced(data, NAMED_PEOPLE.has(type) ? withNames : usual),
    metadata: replaced(metadata, usual),
  });
};
