import type { KeyValueStore } from '#storage/key-value-store.js';
import { entriesUnder } from '#storage/entries-under.js';
import { generatePassword, hashPassword } from './password.js';

const PREFIX = 'account/';
const STARTED = 'accounts-started';

/** A user whose password Cairn itself checks. */
export interface Account {
  readonly username: string;
  /** Of {@link hashPassword}. */
  readonly password: string;
  /** Given to the user record at the first login; later only the record counts. */
  readonly roles: readonly string[];
  readonly groups: readonly string[];
}

/** Local accounts, in the key-value store: passwords do not belong into the history. */
export class Accounts {
  constructor(private readonly keyValueStore: KeyValueStore) {}

  async find(username: string): Promise<Account | undefined> {
    const text = await this.keyValueStore.get(PREFIX + username);
    return text === undefined ? undefined : (JSON.parse(text) as Account);
  }

  put(account: Account): Promise<void> {
    return this.keyValueStore.put(PREFIX + account.username, JSON.stringify(account));
  }

  remove(username: string): Promise<void> {
    return this.keyValueStore.delete(PREFIX + username);
  }

  async list(): Promise<readonly Account[]> {
    const found: Account[] = [];
    for await (const { value } of entriesUnder(this.keyValueStore, PREFIX)) found.push(JSON.parse(value) as Account);
    return found;
  }

  /** Creates an administrator at the very first start; resolves with the password, which is stored nowhere. */
  async makeFirst(username: string): Promise<string | undefined> {
    if ((await this.keyValueStore.get(STARTED)) !== undefined) return undefined;
    const hasSome = (await this.keyValueStore.list(PREFIX, { limit: 1 })).length > 0;
    const password = generatePassword();
    if (!hasSome) {
      const roles = ['admin', 'user'];
      await this.put({ username, password: await hashPassword(password), roles, groups: ['users'] });
    }
    await this.keyValueStore.put(STARTED, 'true');
    return hasSome ? undefined : password;
  }
}
