import { nowMicros } from '#platform/clock.js';
import { type Claims, claimsGranting } from '#platform/tokens/claims.js';
import type { MessageContext } from '#bus/contract.js';
import { Mailbox } from '#projection/mailbox.js';
import { ReadModel } from '#projection/read-model.js';
import { Injectable } from '@nestjs/common';
import { Accounts } from '../account/accounts.js';
import { isRightPassword, PASSWORD_CHARACTERS_MAX } from '../account/password.js';
import { LdapPasswords } from '../login/ldap-passwords.js';
import { admitUser } from '../user/change-user.js';
import type { User } from '../user/user.js';
import { newUserId } from '../user/user.controller.js';
import { Users } from '../user/user-projection.js';

/** Wrong passwords in a row after which a name is left alone for a while, in which the right one does not help either. */
const FAILURES_MAX = 10;
const REST_MS = 60_000;
/** Names remembered for that. */
const NAMES_MAX = 10_000;
/** Passwords checked at once: each takes memory and a thread. */
const CHECKS_MAX = 8;

const ROLES_CLAIMED: readonly string[] = ['admin', 'user', 'system'];
/** Follow from roles. */
const GROUPS_OF_ROLES: Readonly<Record<string, string>> = { admin: 'admin', users: 'user' };

interface Admitted {
  readonly username: string;
  readonly roles: readonly string[];
  readonly groups: readonly string[];
}

interface Failures {
  readonly count: number;
  readonly untilMs: number;
}

/** Who people are, for the OpenID provider: local accounts, then the LDAP server's. */
@Injectable()
export class People {
  private readonly users: Users;
  private readonly failures = new Map<string, Failures>();
  private checking = 0;

  constructor(
    private readonly accounts: Accounts,
    private readonly ldap: LdapPasswords,
    private readonly mailbox: Mailbox,
    readModel: ReadModel,
  ) {
    this.users = new Users(readModel.writer);
  }

  /** Of the user's record as it is now; undefined when there is none. */
  claimsOf(username: string): Claims | undefined {
    const user = this.users.named(username)?.user;
    if (user === undefined) return undefined;
    const roles = user.roles.filter((role) => ROLES_CLAIMED.includes(role));
    const groups = user.groups.filter((group) => !roles.includes(GROUPS_OF_ROLES[group] ?? ''));
    return claimsGranting({ username, roles, groups });
  }

  /** Checks a password and makes sure that there is a record of the user; false for whatever is wrong. */
  async logIn(username: string, password: string, context: Omit<MessageContext, 'commandId'>): Promise<boolean> {
    if (this.isResting(username) || this.checking >= CHECKS_MAX) return false;
    this.checking += 1;
    try {
      const admitted = await this.check(username, password);
      if (admitted === undefined) {
        this.failed(username);
        return false;
      }
      this.failures.delete(username);
      return await this.admit(admitted, context);
    } finally {
      this.checking -= 1;
    }
  }

  private async check(username: string, password: string): Promise<Admitted | undefined> {
    const isSane = username !== '' && password !== '' && password.length <= PASSWORD_CHARACTERS_MAX;
    if (!isSane || username.length > PASSWORD_CHARACTERS_MAX) return undefined;
    const account = await this.accounts.find(username);
    const isRight = await isRightPassword(password, account?.password);
    if (account !== undefined) return isRight ? account : undefined;
    return (await this.ldap.isRight(username, password)) ? { username, roles: ['user'], groups: ['users'] } : undefined;
  }

  private async admit({ username, roles, groups }: Admitted, context: MessageContext): Promise<boolean> {
    const timeMicros = nowMicros();
    const userId = newUserId(timeMicros);
    const caller = { subject: username, username, roles: [], groups: [] };
    const { correlationId, deadlineMs, dialect } = context;
    const answer = await this.mailbox.execute<User>({
      context: { correlationId, deadlineMs, dialect, caller },
      timeMicros,
      decide: () => {
        const { user, events } = admitUser(this.users.named(username), { username, roles, groups }, userId);
        return { events, reply: user };
      },
    });
    return !('error' in answer);
  }

  private isResting(username: string): boolean {
    const found = this.failures.get(username);
    if (found === undefined) return false;
    if (Date.now() < found.untilMs) return found.count >= FAILURES_MAX;
    this.failures.delete(username);
    return false;
  }

  private failed(username: string): void {
    const count = (this.failures.get(username)?.count ?? 0) + 1;
    if (this.failures.size >= NAMES_MAX) this.failures.clear();
    this.failures.set(username, { count, untilMs: Date.now() + REST_MS });
  }
}
