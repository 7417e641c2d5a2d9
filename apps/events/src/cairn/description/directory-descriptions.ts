import type { DirectoryEvents } from '#contracts/directory-events.js';
import type { DescriptionsOf } from '../../timeline/description.js';

export const directoryDescriptions: DescriptionsOf<DirectoryEvents> = {
  GroupCreated: { what: ({ name, priority }) => `created the group ${name} with the priority ${priority}` },
  GroupDescribed: { what: ({ name, priority }) => `changed the group ${name}, whose priority is ${priority}` },
  GroupDeleted: { what: ({ name }) => `deleted the group ${name}` },
  RoleDefined: { what: ({ name }) => `defined the role ${name}` },
  RoleDeleted: { what: ({ name }) => `deleted the role ${name}` },
};
