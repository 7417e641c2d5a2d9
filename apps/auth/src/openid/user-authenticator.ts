import { Injectable } from '@nestjs/common';
import { nowMicros } from '#platform/clock.js';
import { type Claims, claimsGranting } from '#platform/tokens/claims.js';
import type { MessageContext } from '#bus/contract.js';
import { WORKER_ROLE } from '#contracts/leases.js';
import { ReadModel } from '#event-sourcing/read-model.js';
import { Accounts } from '../account/accounts.js';
import { isRightPassword, PASSWORD_CHARACTERS_MAX } from '../account/password.js';
import { RecordedRevocations } from '../revocation/revocation-projection.js';
import { UserProvisioning } from '../user/user-provisioning.js';
import { LdapPasswords } from '../login/ldap-passwords.js';
import { PasswordAttempts } from '../login/password-attempts.js';
import type { User } from '../user/user.js';
import { Users } from '../user/user-projection.js';

/** Passwords checked at once: each takes memory and a thread. */
const CHECKS_MAX = 8;

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
  private checking = 0;

  constructor(
    private readonly accounts: Accounts,
    private readonly ldap: LdapPasswords,
    private readonly attempts: PasswordAttempts,
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
  async authenticate(username: string, password: string, context: MessageContext): Promise<LoginOutcome> {
    if (this.attempts.isLocked(username)) return 'locked';
    if (this.checking >= CHECKS_MAX) return 'busy';
    this.checking += 1;
    try {
      const checked = await this.check(username, password);
      if (checked === false) this.attempts.failed(username);
      // The answer must not reveal whether the directory knows the name.
      if (checked === undefined || checked === false) return 'wrong';
      this.attempts.succeeded(username);
      return 'error' in (await this.provisioning.provision(checked, context, nowMicros())) ? 'busy' : 'authenticated';
    } finally {
      this.checking -= 1;
    }
  }

  /** The user; false when the password is wrong, undefined when it could not be checked. */
  private async check(username: string, password: string): Promise<AuthenticatedUser | false | undefined> {
    const isPlausible = username !== '' && password !== '' && password.length <= PASSWORD_CHARACTERS_MAX;
    if (!isPlausible || username.length > PASSWORD_CHARACTERS_MAX) return false;
    const account = await this.accounts.find(username);
    const isRight = await isRightPassword(password, account?.password);
    if (account !== undefined) return isRight && account;
    const isInDirectory = await this.ldap.isRight(username, password);
    return isInDirectory === true ? { username, roles: ['user'], groups: ['users'] } : isInDirectory;
  }
}
