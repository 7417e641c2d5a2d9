import { Client, InvalidCredentialsError, ResultCodeError } from 'ldapts';
import type { Log } from '#platform/logging.js';

/** Less than a client waits for `POST /ldap`. */
const TIMEOUT_MS = 3_000;
/** Passwords checked at once. Further ones are refused, so that they cannot pile up at the directory. */
const CHECKS_MAX = 32;
const WORD_CHARACTERS_MAX = 1024;

/** Every character that could mean something in a distinguished name as its bytes (RFC 4514). */
const escaped = (value: string): string =>
  value.replace(/[^A-Za-z0-9]/gu, (character) =>
    [...Buffer.from(character)].map((byte) => `\\${byte.toString(16).padStart(2, '0')}`).join(''),
  );

interface LdapPasswordsOptions {
  /** Without a server no password is right. */
  readonly url?: string | undefined;
  readonly base?: string | undefined;
  readonly log: Pick<Log, 'warn'>;
}

/** Checks passwords by a simple bind as `uid=<username>,<base>`. */
export class LdapPasswords {
  private readonly options: LdapPasswordsOptions;
  private checking = 0;

  constructor(options: LdapPasswordsOptions) {
    this.options = options;
  }

  /** Undefined when the password could not be checked. */
  async isRight(username: string, password: string): Promise<boolean | undefined> {
    const { url, base = '' } = this.options;
    // A server takes an empty password for an anonymous bind and accepts it.
    if (url === undefined || username === '' || password === '') return false;
    if (username.length > WORD_CHARACTERS_MAX || password.length > WORD_CHARACTERS_MAX) return false;
    if (this.checking >= CHECKS_MAX) return undefined;
    this.checking += 1;
    try {
      return await this.bind(url, `uid=${escaped(username)},${base}`, password);
    } finally {
      this.checking -= 1;
    }
  }

  private async bind(url: string, name: string, password: string): Promise<boolean | undefined> {
    const client = new Client({ url, timeout: TIMEOUT_MS, connectTimeout: TIMEOUT_MS });
    try {
      await client.bind(name, password);
      return true;
    } catch (error) {
      if (!(error instanceof InvalidCredentialsError)) {
        this.options.log.warn({ error }, 'LDAP server could not check a password');
      }
      return error instanceof ResultCodeError ? false : undefined;
    } finally {
      // The answer is known, so a broken connection does not matter.
      await client.unbind().catch(() => undefined);
    }
  }
}
