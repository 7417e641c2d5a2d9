import type { Keep } from '#keep/keep.js';
import { entriesUnder } from '../keep-entries.js';
import { generatePassword, hashPassword } from './password.js';

const PREFIX = 'account/';
const STARTED = 'accounts-started';

/** Somebody who logs in by a password that Cairn itself checks. */
interface Account {
  readonly username: string;
  /** Of {@link hashPassword}. */
  readonly password: string;
  /** What the user record begins with at the first login; later the record alone counts. */
  readonly roles: readonly string[];
  readonly groups: readonly string[];
}

/** Local accounts, in the keep: a password is no history. */
export class Accounts {
  constructor(private readonly keep: Keep) {}

  async find(username: string): Promise<Account | undefined> {
    const text = await this.keep.get(PREFIX + username);
    return text === undefined ? undefined : (JSON.parse(text) as Account);
  }

  put(account: Account): Promise<void> {
    return this.keep.put(PREFIX + account.username, JSON.stringify(account));
  }

  remove(username: string): Promise<void> {
    return this.keep.delete(PREFIX + username);
  }

  async list(): Promise<readonly Account[]> {
    const found: Account[] = [];
    for await (const { value } of entriesUnder(this.keep, PREFIX)) found.push(JSON.parse(value) as Account);
    return found;
  }

  /** At the very first start there is an administrator; resolves with the password, which is nowhere else. */
  async makeFirst(username: string): Promise<string | undefined> {
    if ((await this.keep.get(STARTED)) !== undefined) return undefined;
    const hasSome = (await this.keep.list(PREFIX, { limit: 1 })).length > 0;
    const password = generatePassword();
    if (!hasSome) {
      const roles = ['admin', 'user'];
      await this.put({ username, password: await hashPassword(password), roles, groups: ['users'] });
    }
    await this.keep.put(STARTED, 'true');
    return hasSome ? undefined : password;
  }
}
