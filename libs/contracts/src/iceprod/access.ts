import { DomainError } from '#platform/domain-error.js';
import type { Caller } from '#bus/contract.js';

export type AccessAction = 'read' | 'write';

/**
 * Access rule of one dataset (IceProd contract 2.3). A list that is absent makes `role not found`. It is also what the fact
 * `AccessRuleSet` says in streams `access-iceprod.main.<dataset_id>`, which `auth` writes.
 */
export interface AccessRule {
  readonly read_groups?: readonly string[];
  readonly write_groups?: readonly string[];
  readonly read_users?: readonly string[];
  readonly write_users?: readonly string[];
}

/** Roles that pass every dataset rule without a look-up; `pilot` because no rule applies to it (contract 2.3, 2.4). */
const BYPASSING_ROLES: readonly string[] = ['admin', 'system', 'pilot'];

export const bypassesRules = (caller: Caller): boolean => caller.roles.some((role) => BYPASSING_ROLES.includes(role));

/** Judges step 2 of the rule for the given name and groups, without any bypass (contract 2.3, `POST /auths`). */
export const judgeRule = (
  rule: AccessRule | undefined,
  action: AccessAction,
  username: string,
  groups: readonly string[],
): DomainError | undefined => {
  if (rule === undefined) return new DomainError('forbidden', 'access.no-rule', 'attr not found');
  const allowedGroups = rule[`${action}_groups`];
  const allowedUsers = rule[`${action}_users`];
  if (allowedGroups === undefined && allowedUsers === undefined) {
    return new DomainError('forbidden', 'access.no-list', 'role not found');
  }
  if (allowedGroups?.some((group) => groups.includes(group)) || allowedUsers?.includes(username)) return undefined;
  return new DomainError('forbidden', 'access.denied', 'authorization failed');
};

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
