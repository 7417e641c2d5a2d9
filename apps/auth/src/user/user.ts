import { createHash } from 'node:crypto';
import { ref } from '#ledger/ref.js';
import { newId } from '#contracts/ids.js';
import type { UserEvents } from '#contracts/user-events.js';
import type { UserEvent } from './user-events.js';

/** Priority of a user without an own one (IceProd contract 4.3, 13). */
export const DEFAULT_PRIORITY = 0.5;

/** A user record. */
export type User = UserEvents['UserCreated'];

/** The slot in a user's id says nothing. */
const USERS_REF = ref('cairn', 'main', 'users');

export const newUserId = (timeMicros: number): string => newId(USERS_REF, timeMicros);

/** Users without a record of their own are known by name only. A name always gets the same id, also in a rebuild. */
const userIdOf = (username: string): string =>
  createHash('sha256')
    .update(ref('cairn', 'main', username))
    .digest('hex')
    .slice(0, 32);

/** The record of a user who has submitted a workload and has no other record. */
export const impliedUser = (username: string): User => ({
  user_id: userIdOf(username),
  username,
  priority: DEFAULT_PRIORITY,
  groups: [],
  roles: [],
  extra: '{}',
});

/** The only place where an event changes a user. */
export const evolve = (user: User | undefined, event: UserEvent): User | undefined => {
  if (event.type === 'UserCreated') return event.data;
  if (event.type === 'UserDeleted' || user === undefined) return undefined;
  switch (event.type) {
    case 'UserPrioritized':
      return { ...user, priority: event.data.priority };
    case 'UserJoinedGroup':
      return { ...user, groups: [...new Set([...user.groups, event.data.group])] };
    case 'UserGroupsAssigned':
      return { ...user, groups: event.data.groups };
    case 'UserRolesAssigned':
      return { ...user, roles: event.data.roles };
    case 'UserTokensRevoked':
      return user;
  }
};
