import { DomainError } from '#platform/domain-error.js';
import type { Caller } from '#bus/contract.js';

export type AccessAction = 'read' | 'write';

/** Who may read and write a workload (IceProd contract 2.3). A list that is absent makes `role not found`. */
export interface AccessRule {
  readonly read_groups?: readonly string[];
  readonly write_groups?: readonly string[];
  readonly read_users?: readonly string[];
  readonly write_users?: readonly string[];
}

/** Whether a rule names anybody: in dialects where workloads are for everyone, one that does not changes nothing. */
export const isLimiting = (rule: AccessRule): boolean =>
  Object.values(rule).some((list) => (list as readonly string[]).length > 0);

/** Roles that pass every rule without a look-up; `pilot` because no rule applies to it (IceProd contract 2.3, 2.4). */
const BYPASSING_ROLES: readonly string[] = ['admin', 'system', 'pilot'];

export const bypassesRules = (caller: Caller): boolean => caller.roles.some((role) => BYPASSING_ROLES.includes(role));

/** Roles that act in the name of others: no membership, limit of priorities or quota applies to them. */
const PRIVILEGED_ROLES: readonly string[] = ['admin', 'system'];

export const isPrivileged = ({ roles }: Pick<Caller, 'roles'>): boolean =>
  roles.some((role) => PRIVILEGED_ROLES.includes(role));

/** Whether the caller may use what belongs to a group, such as its priority, its quota and the account of its tasks. */
export const actsForGroup = (caller: Pick<Caller, 'roles' | 'groups'>, group: string): boolean =>
  isPrivileged(caller) || caller.groups.includes(group);

/** The refusal of what the caller may not read, or not change. */
export const accessDenied = (): DomainError => new DomainError('forbidden', 'access.denied', 'authorization failed');

/** Applies the rule to the given name and groups, without any bypass (IceProd contract 2.3, `POST /auths`). */
export const authorizeByRule = (
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
  return accessDenied();
};
