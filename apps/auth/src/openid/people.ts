import { Injectable } from '@nestjs/common';
import { nowMicros } from '#platform/clock.js';
import { type Claims, claimsGranting } from '#platform/tokens/claims.js';
import type { MessageContext } from '#bus/contract.js';
import { ReadModel } from '#event-sourcing/read-model.js';
import { Accounts } from '../account/accounts.js';
import { isRightPassword, PASSWORD_CHARACTERS_MAX } from '../account/password.js';
import { UserAdmission } from '../login/user-admission.js';
import { LdapPasswords } from '../login/ldap-passwords.js';
import { PasswordAttempts } from '../login/password-attempts.js';
import type { User } from '../user/user.js';
import { Users } from '../user/user-projection.js';

/** Passwords checked at once: each takes memory and a thread. */
const CHECKS_MAX = 8;

const ROLES_CLAIMED: readonly string[] = ['admin', 'user', 'system'];
/** Follow from roles. */
const GROUPS_OF_ROLES: Readonly<Record<string, string>> = { admin: 'admin', users: 'user' };

type Admitted = Pick<User, 'username' | 'roles' | 'groups'>;

/** `wrong` is whatever is wrong with name and password; `resting` and `busy` say that they were not looked at. */
type LogInOutcome = 'in' | 'wrong' | 'resting' | 'busy';

/** Who people are, for the OpenID provider: local accounts, then the LDAP server's. */
@Injectable()
export class People {
  private readonly users: Users;
  private checking = 0;

  constructor(
    private readonly accounts: Accounts,
    private readonly ldap: LdapPasswords,
    private readonly attempts: PasswordAttempts,
    private readonly admission: UserAdmission,
    readModel: ReadModel,
  ) {
    this.users = new Users(readModel.queries);
  }

  /** Of the user's record as it is now; undefined when there is none. */
  claimsOf(username: string): Claims | undefined {
    const user = this.users.named(username)?.user;
    if (user === undefined) return undefined;
    const roles = user.roles.filter((role) => ROLES_CLAIMED.includes(role));
    const groups = user.groups.filter((group) => !roles.includes(GROUPS_OF_ROLES[group] ?? ''));
    return claimsGranting({ username, roles, groups });
  }

  /** When the user's record was made (microseconds), which tells it from an earlier one; undefined when there is none. */
  enrolledAt(username: string): number | undefined {
    return this.users.enrolledAt(username);
  }

  /** Checks a password and makes sure that there is a record of the user. */
  async logIn(username: string, password: string, context: MessageContext): Promise<LogInOutcome> {
    if (this.attempts.isResting(username)) return 'resting';
    if (this.checking >= CHECKS_MAX) return 'busy';
    this.checking += 1;
    try {
      const checked = await this.check(username, password);
      if (checked === false) this.attempts.failed(username);
      // Whether a name is one of the directory's must not be told by whether that answers.
      if (checked === undefined || checked === false) return 'wrong';
      this.attempts.succeeded(username);
      return 'error' in (await this.admission.admit(checked, context, nowMicros())) ? 'busy' : 'in';
    } finally {
      this.checking -= 1;
    }
  }

  /** Who it is; false when the password is wrong, undefined when it could not be checked. */
  private async check(username: string, password: string): Promise<Admitted | false | undefined> {
    const isSane = username !== '' && password !== '' && password.length <= PASSWORD_CHARACTERS_MAX;
    if (!isSane || username.length > PASSWORD_CHARACTERS_MAX) return false;
    const account = await this.accounts.find(username);
    const isRight = await isRightPassword(password, account?.password);
    if (account !== undefined) return isRight && account;
    const isOfDirectory = await this.ldap.isRight(username, password);
    return isOfDirectory === true ? { username, roles: ['user'], groups: ['users'] } : isOfDirectory;
  }
}
