import type { Subject } from '../../timeline/description.js';
import type { ChangedValues } from '../../timeline/values.js';

const PREFIX = 'member ';

/** Whether a value of a group says that somebody is in it. */
export const isMember = (name: string): boolean => name.startsWith(PREFIX);

/**
 * What it means for the group of a timeline that a user has exactly these groups from now on. Each member is a value of its own.
 *
 * @returns undefined when the user neither was nor is in the group
 */
export const membership = (
  username: string,
  groups: readonly string[],
  { id, before }: Subject,
): ChangedValues | undefined => {
  const name = `${PREFIX}${username}`;
  if (groups.includes(id.slice(id.indexOf('/') + 1))) return new Map([[name, 'true']]);
  return before.has(name) ? new Map([[name, undefined]]) : undefined;
};
