import { randomBytes } from 'node:crypto';
import { Client, InvalidCredentialsError, ResultCodeError } from 'ldapts';
import type { Log } from '#platform/logging.js';
import { FairShares } from './fair-shares.js';

/** Less than a client waits for `POST /ldap`. */
const TIMEOUT_MS = 3_000;
/** Passwords checked at once. Further ones are refused, so that they cannot pile up at the directory; one client gets half of them. */
const CHECKS = { places: 32, part: 1 };
const DECOY_BYTES = 12;
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
  private readonly checks = new FairShares(CHECKS);

  constructor(options: LdapPasswordsOptions) {
    this.options = options;
  }

  /**
   * Undefined when the password could not be checked.
   *
   * @param client who asks: checks are shared fairly among clients
   */
  async isRight(client: string, username: string, password: string): Promise<boolean | undefined> {
    const { url, base = '' } = this.options;
    // A server takes an empty password for an anonymous bind and accepts it.
    if (url === undefined || username === '' || password === '') return false;
    if (username.length > WORD_CHARACTERS_MAX || password.length > WORD_CHARACTERS_MAX) return false;
    if (!this.checks.take(client)) return undefined;
    try {
      return await this.bind(url, `uid=${escaped(username)},${base}`, password);
    } finally {
      this.checks.giveBack(client);
    }
  }

  /** Takes as long as a check of a name that the directory does not hold, and tells it nothing. */
  async pretend(client: string): Promise<void> {
    const word = (): string => randomBytes(DECOY_BYTES).toString('hex');
    await this.isRight(client, word(), word());
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
