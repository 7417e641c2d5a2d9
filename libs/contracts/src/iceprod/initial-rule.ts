import type { AccessRule } from '../access.js';

/**
 * Rules that a new dataset gets (contract 2.3): its group and `admin` read and write, `readGroups` read, the owner does
 * both; the group `users` reads but never writes.
 */
export const initialRule = (owner: string, group: string, readGroups: readonly string[]): Required<AccessRule> => ({
  read_groups: [...new Set(['admin', group, ...readGroups])],
  write_groups: group === 'users' ? ['admin'] : [...new Set(['admin', group])],
  read_users: [owner],
  write_users: [owner],
});
