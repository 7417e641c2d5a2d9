import type { UserEvents } from '#contracts/user-events.js';
import type { EventOf } from '#event-sourcing/event-of.js';

export const USER_EVENT_TYPES = [
  'UserCreated',
  'UserPrioritized',
  'UserJoinedGroup',
  'UserGroupsAssigned',
  'UserRolesAssigned',
  'UserTokensRevoked',
  'UserDeleted',
] as const satisfies readonly (keyof UserEvents)[];

/** An event of a user's stream. */
export type UserEvent = EventOf<UserEvents>;
