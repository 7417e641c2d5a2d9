import { Injectable } from '@nestjs/common';
import { nowMicros } from '#platform/clock.js';
import { clientOf } from '#platform/network-client.js';
import { type Claims, claimsGranting } from '#platform/tokens/claims.js';
import type { MessageContext } from '#bus/contract.js';
import { WORKER_ROLE } from '#contracts/leases.js';
import { ReadModel } from '#event-sourcing/read-model.js';
import { Accounts } from '../account/accounts.js';
import { isRightPassword, PASSWORD_CHARACTERS_MAX } from '../account/password.js';
import { RecordedRevocations } from '../revocation/revocation-projection.js';
import { UserProvisioning } from '../user/user-provisioning.js';
import { LdapPasswords } from '../login/ldap-passwords.js';
import { FairShares } from '../login/fair-shares.js';
import { type Guess, PasswordGuesses } from '../login/password-guesses.js';
import type { User } from '../user/user.js';
import { Users } from '../user/user-projection.js';

/** Passwords checked at once, because each takes memory and a thread. One client gets half of them. */
const CHECKS = { places: 32, part: 1 };

const ROLES_CLAIMED: readonly string[] = ['admin', 'user', 'system', WORKER_ROLE];
/** Groups that follow from a role. */
const GROUPS_OF_ROLES: Readonly<Record<string, string>> = { admin: 'admin', users: 'user' };

type AuthenticatedUser = Pick<User, 'username' | 'roles' | 'groups'>;

/** `locked` and `busy` say that name and password were not checked. */
type LoginOutcome = 'authenticated' | 'wrong' | 'locked' | 'busy';

/** Authenticates the users of the OpenID provider: by local accounts first, then by the LDAP server. */
@Injectable()
export class UserAuthenticator {
  private readonly users: Users;
  private readonly revocations: RecordedRevocations;
  private readonly checks = new FairShares(CHECKS);

  constructor(
    private readonly accounts: Accounts,
    private readonly ldap: LdapPasswords,
    private readonly guesses: PasswordGuesses,
    private readonly provisioning: UserProvisioning,
    readModel: ReadModel,
  ) {
    this.users = new Users(readModel.queries);
    this.revocations = new RecordedRevocations(readModel.queries);
  }

  /** The claims of the user's current record; undefined without one. */
  claimsOf(username: string): Claims | undefined {
    const user = this.users.named(username)?.user;
    if (user === undefined) return undefined;
    const roles = user.roles.filter((role) => ROLES_CLAIMED.includes(role));
    const groups = user.groups.filter((group) => !roles.includes(GROUPS_OF_ROLES[group] ?? ''));
    return claimsGranting({ username, roles, groups });
  }

  /** Whether a token that was issued to the user at this time (milliseconds) has been revoked. */
  isRevoked(username: string, tokenIssuedAtMs: number): boolean {
    return this.revocations.isRevoked(username, tokenIssuedAtMs);
  }

  /** When the user's current record was created (microseconds): tells it from an earlier one. Undefined without a record. */
  createdAt(username: string): number | undefined {
    return this.users.createdAt(username);
  }

  /** Checks a password and makes sure that there is a record of the user. */
  async authenticate(guess: Guess, password: string, context: MessageContext): Promise<LoginOutcome> {
    const timeMicros = nowMicros();
    const client = clientOf(guess.address);
    if (!this.checks.take(client)) return 'busy';
    try {
      const checked = await this.guesses.guess(guess, () => this.check(client, guess.username, password));
      if (checked === 'locked') return 'locked';
      // The answer must not reveal whether the directory knows the name.
      if (checked === undefined || checked === false) return 'wrong';
      return 'error' in (await this.provisioning.provision(checked, context, timeMicros)) ? 'busy' : 'authenticated';
    } finally {
      this.checks.giveBack(client);
    }
  }

  /** The user; false when the password is wrong, undefined when it could not be checked. */
  private async check(
    client: string,
    username: string,
    password: string,
  ): Promise<AuthenticatedUser | false | undefined> {
    const isPlausible = username !== '' && password !== '' && password.length <= PASSWORD_CHARACTERS_MAX;
    if (!isPlausible || username.length > PASSWORD_CHARACTERS_MAX) return false;
    const account = await this.accounts.find(username);
    const isRight = await isRightPassword(password, account?.password);
    if (account === undefined) {
      const isInDirectory = await this.ldap.isRight(client, username, password);
      return isInDirectory === true ? { username, roles: ['user'], groups: ['users'] } : isInDirectory;
    }
    if (isRight) return account;
    // The time must not reveal that there is such an account.
    await this.ldap.pretend(client);
    return false;
  }
}
