import { membersOf } from '#contracts/raw-json.js';
import type { UserEvents } from '#contracts/user-events.js';
import { type DescriptionsOf, listed, type Subject } from '../../timeline/description.js';
import { exactly, joined, plainValues } from '../../timeline/values.js';
import { membership } from './membership.js';

const groupsIn = ({ before }: Subject): readonly string[] => JSON.parse(before.get('groups') ?? '[]') as string[];

export const personDescriptions: DescriptionsOf<UserEvents> = {
  UserCreated: {
    what: ({ username }) => `made a record of ${username}`,
    sets: {
      person: ({ extra, ...record }) => joined(plainValues(record), membersOf(extra)),
      object: ({ username, groups }, subject) => membership(username, groups, subject),
    },
  },
  UserPrioritized: {
    what: ({ username, priority }) => `gave ${username} the priority ${priority}`,
    sets: { person: ({ priority }) => plainValues({ priority }) },
  },
  UserJoinedGroup: {
    what: ({ username, group }) => `put ${username} into the group ${group}`,
    sets: {
      person: ({ group }, subject) => plainValues({ groups: [...groupsIn(subject), group] }),
      object: ({ username, group }, subject) => membership(username, [group], subject),
    },
  },
  UserGroupsAssigned: {
    what: ({ username, groups }) =>
      groups.length === 0
        ? `took ${username} out of all groups`
        : `gave ${username} exactly the groups ${listed(groups)}`,
    sets: {
      person: ({ groups }) => plainValues({ groups }),
      object: ({ username, groups }, subject) => membership(username, groups, subject),
    },
  },
  UserRolesAssigned: {
    what: ({ username, roles }) =>
      roles.length === 0 ? `took all roles from ${username}` : `gave ${username} exactly the roles ${listed(roles)}`,
    sets: { person: ({ roles }) => plainValues({ roles }) },
  },
  UserTokensRevoked: {
    what: ({ username, issued_until_ms: until }) =>
      `revoked the tokens of ${username} that were issued until ${new Date(until).toISOString()}`,
    sets: { person: ({ issued_until_ms: until }) => plainValues({ tokens_revoked: new Date(until).toISOString() }) },
  },
  UserDeleted: {
    what: ({ username }) => `deleted the record of ${username}`,
    sets: {
      person: (_, { before }) => exactly(before),
      object: ({ username }, subject) => membership(username, [], subject),
    },
  },
};
