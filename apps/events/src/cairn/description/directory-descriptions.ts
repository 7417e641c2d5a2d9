import type { DirectoryEvents } from '#contracts/directory-events.js';
import { membersOf } from '#contracts/raw-json.js';
import { type DescriptionsOf, type Subject } from '../../timeline/description.js';
import { type ChangedValues, exactly, joined, plainValues } from '../../timeline/values.js';
import { isMember } from './membership.js';

interface Group {
  readonly group_id?: string;
  readonly name: string;
  readonly priority: number;
  readonly extra: string;
}

/** What is known of the group, but for its members and its id, is replaced. */
const groupValues = ({ extra, ...known }: Group, { before }: Subject): ChangedValues => {
  const described = new Map([...before].filter(([name]) => name !== 'group_id' && !isMember(name)));
  return exactly(described, joined(plainValues(known), membersOf(extra)));
};

export const directoryDescriptions: DescriptionsOf<DirectoryEvents> = {
  GroupCreated: {
    what: ({ name, priority }) => `created the group ${name} with the priority ${priority}`,
    sets: { object: groupValues },
  },
  GroupDescribed: {
    what: ({ name, priority }) => `changed the group ${name}, whose priority is ${priority}`,
    sets: { object: groupValues },
  },
  GroupDeleted: {
    what: ({ name }) => `deleted the group ${name}`,
    sets: { object: (_, { before }) => exactly(new Map([...before].filter(([name]) => !isMember(name)))) },
  },
  RoleDefined: {
    what: ({ name }) => `defined the role ${name}`,
    sets: {
      object: ({ name, extra }, { before }) => exactly(before, joined(plainValues({ name }), membersOf(extra))),
    },
  },
  RoleDeleted: {
    what: ({ name }) => `deleted the role ${name}`,
    sets: { object: (_, { before }) => exactly(before) },
  },
};
