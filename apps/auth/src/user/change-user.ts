import { DomainError } from '#platform/domain-error.js';
import { isAccountName } from '#platform/tokens/user-name.js';
import { ref, streamName } from '#ledger/ref.js';
import type { UserEvents } from '#contracts/user-events.js';
import type { DecidedEvent } from '#event-sourcing/command.js';
import { isTooLarge } from '../too-large.js';
import { DEFAULT_PRIORITY, evolve, type User } from './user.js';
import type { UserEvent } from './user-events.js';
import type { KnownUser } from './user-projection.js';

const placed = (event: UserEvent): DecidedEvent => ({
  stream: streamName('user', ref('cairn', 'main', event.data.username)),
  ...event,
});

const tooLarge = (): DomainError => new DomainError('invalid', 'user.too-large', 'user too large');

interface NewUser {
  readonly username: string;
  readonly priority?: number;
  readonly groups?: readonly string[];
  readonly roles?: readonly string[];
  /** Further members of the record: the text of a JSON object. */
  readonly extra?: string;
  /** The kind of error that a second record of the same name gives. */
  readonly duplicate: 'invalid' | 'conflict';
}

/** `existing` is the record of the same name. */
export const createUser = (
  existing: KnownUser | undefined,
  { duplicate, username, priority = DEFAULT_PRIORITY, groups = [], roles = [], extra = '{}' }: NewUser,
  userId: string,
): DecidedEvent | DomainError => {
  if (username === '') return new DomainError('invalid', 'user.no-name', 'missing username');
  if (!isAccountName(username)) return new DomainError('invalid', 'user.bad-name', 'invalid username');
  if (existing !== undefined) return new DomainError(duplicate, 'user.exists', 'duplicate username');
  const data: UserEvents['UserCreated'] = { user_id: userId, username, priority, groups, roles, extra };
  return isTooLarge(data) ? tooLarge() : placed({ type: 'UserCreated', data });
};

/** Tokens that were issued to the user until then (milliseconds) are refused. */
export const tokensRevoked = (username: string, issuedUntilMs: number): DecidedEvent =>
  placed({ type: 'UserTokensRevoked', data: { username, issued_until_ms: issuedUntilMs } });

const losesSome = (before: User, after: User): boolean =>
  before.roles.some((role) => !after.roles.includes(role)) ||
  before.groups.some((group) => !after.groups.includes(group));

/**
 * Records a change of a user. Tokens carry roles and groups, so when the user loses some of them the tokens that were issued before are
 * revoked. A user who is only known by submissions gets a record first, so that the user's own stream
 * holds everything that was decided.
 */
export const changeUser = (
  { user, isImplied }: KnownUser,
  event: Exclude<UserEvent, { readonly type: 'UserCreated' | 'UserTokensRevoked' | 'UserDeleted' }>,
  nowMs: number,
): readonly DecidedEvent[] | DomainError => {
  // The whole list is stored again with each member that joins, so the result is what must fit.
  const changed = evolve(user, event) ?? user;
  if (isTooLarge(changed)) return tooLarge();
  return [
    ...(isImplied ? [placed({ type: 'UserCreated', data: user })] : []),
    placed(event),
    ...(losesSome(user, changed) ? [tokensRevoked(user.username, nowMs)] : []),
  ];
};

/** Removes a user's record, if there is one, and revokes the user's tokens: also people without a record may have some. */
export const deleteUser = (username: string): readonly DecidedEvent[] =>
  isAccountName(username) ? [placed({ type: 'UserDeleted', data: { username } })] : [];

/**
 * Makes sure that an authenticated user has a record; a new one gets these groups and roles. A user who is known by
 * submissions only has no groups and roles yet, and gets them now.
 */
export const provisionUser = (
  known: KnownUser | undefined,
  // Of a local account nothing else may get into the history: it has the hash of the password.
  { username, groups, roles }: Pick<User, 'username' | 'groups' | 'roles'>,
  newUserId: string,
): { readonly user: UserEvents['UserCreated']; readonly events: readonly DecidedEvent[] } => {
  if (known !== undefined && !known.isImplied) return { user: known.user, events: [] };
  const user: UserEvents['UserCreated'] = {
    ...(known?.user ?? { user_id: newUserId, priority: DEFAULT_PRIORITY, extra: '{}' }),
    ...{ username, groups, roles },
  };
  return { user, events: [placed({ type: 'UserCreated', data: user })] };
};
