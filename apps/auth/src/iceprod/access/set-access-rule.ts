import { DomainError } from '#platform/domain-error.js';
import type { AccessRule } from '#contracts/access.js';
import type { SetAccessRuleRequest } from '#contracts/iceprod/users.js';
import { isTooLarge } from '../../too-large.js';

/** The lists that were given; user lists that were left out stay as they are (IceProd contract 14). */
export const setAccessRule = (
  { read_groups, write_groups, read_users, write_users }: SetAccessRuleRequest,
  isGroup: (name: string) => boolean,
): AccessRule | DomainError => {
  if (![...read_groups, ...write_groups].every(isGroup)) {
    return new DomainError('invalid', 'access.unknown-group', 'invalid group name');
  }
  const rule: AccessRule = {
    read_groups,
    write_groups,
    ...(read_users !== undefined && { read_users }),
    ...(write_users !== undefined && { write_users }),
  };
  return isTooLarge(rule) ? new DomainError('invalid', 'access.too-large', 'access rule too large') : rule;
};
