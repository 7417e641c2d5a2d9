import { membersOf, stringIn } from '#contracts/raw-json.js';

/** The field `name` of a document: raw JSON. Undefined when it has none. */
export const nameOfDocument = (document: string): string | undefined => {
  const raw = membersOf(document).get('name');
  return raw?.startsWith('"') === true ? stringIn(raw) : undefined;
};
