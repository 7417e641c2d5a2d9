import { DomainError } from '#platform/domain-error.js';
import { membersOf, objectText } from '#contracts/raw-json.js';
import type { User } from '../../user/user.js';

/** A user as answers show it, as raw JSON (contract 13). */
export const userDocument = ({ extra, ...user }: User): string =>
  objectText([
    ['user_id', JSON.stringify(user.user_id)],
    ['username', JSON.stringify(user.username)],
    ['priority', JSON.stringify(user.priority)],
    ['groups', JSON.stringify(user.groups)],
    ['roles', JSON.stringify(user.roles)],
    ...membersOf(extra),
  ]);

export const userNotFound = (): DomainError => new DomainError('not-found', 'user.not-found', 'User not found');
