import { DomainError } from '#platform/domain-error.js';
import type { AccessRule } from '#contracts/iceprod/access.js';
import type { SetAccessRuleRequest } from '#contracts/iceprod/users.js';

/** A rule must fit into an event, with room for what JSON escapes. */
const RULE_BYTES_MAX = 128 * 1024;

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
  return Buffer.byteLength(JSON.stringify(rule)) > RULE_BYTES_MAX
    ? new DomainError('invalid', 'access.too-large', 'access rule too large')
    : rule;
};
