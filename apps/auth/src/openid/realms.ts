import { randomBytes } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import type { Provider } from 'oidc-provider';
import { Environment } from '#platform/environment.js';
import { readOrMakeKey } from '#platform/key-file.js';
import { Log } from '#platform/logging.js';
import { RecentMap } from '#platform/recent-map.js';
import { SigningKey } from '#platform/tokens/signing-key.js';
import { KeyValueStore } from '#storage/key-value-store.js';
import { Clients } from '../account/clients.js';
import { KeyedLocks } from '../credential/keyed-locks.js';
import { basePathOf, makeProvider } from './make-provider.js';
import { UserAuthenticator } from './user-authenticator.js';
import { publicUrlOf } from './web-request.js';

/** Issuers whose provider stays in memory; others are made again when they are needed. */
const PROVIDERS_MAX = 128;
const COOKIE_KEY_BYTES = 32;

export interface Realm {
  readonly publicUrl: string;
  readonly name: string;
  /** Path that everything of the realm begins with. */
  readonly base: string;
  readonly provider: Provider;
}

interface Keys {
  readonly signing: readonly SigningKey[];
  readonly cookieKey: string;
}

const openKeys = async (folder: string): Promise<Keys> => ({
  signing: await SigningKey.openAll(folder),
  cookieKey: await readOrMakeKey(folder, 'openid-cookies', () => randomBytes(COOKIE_KEY_BYTES).toString('base64url')),
});

/** The realms that were used, each with a provider of its own. Keys are read when first needed. */
@Injectable()
export class Realms {
  private opened: Promise<Keys> | undefined;
  private readonly uses = new KeyedLocks();
  private readonly made = new RecentMap<Promise<Realm>>(PROVIDERS_MAX);

  constructor(
    private readonly environment: Environment,
    private readonly keyValueStore: KeyValueStore,
    private readonly clients: Clients,
    private readonly users: UserAuthenticator,
    private readonly log: Log,
  ) {}

  /**
   * Undefined under a host name that names no issuer.
   *
   * @param host under which the client reaches Cairn
   */
  async find(host: string | undefined, name: string): Promise<Realm | undefined> {
    const publicUrl = publicUrlOf(host, this.environment);
    return publicUrl === undefined ? undefined : this.realm(publicUrl, name);
  }

  /** What tokens of all realms are signed with; the first one signs. */
  async signingKeys(): Promise<readonly SigningKey[]> {
    return (await this.keys()).signing;
  }

  private realm(publicUrl: string, name: string): Promise<Realm> {
    const id = `${publicUrl} ${name}`;
    const known = this.made.get(id);
    if (known !== undefined) return known;
    const made = this.make(publicUrl, name);
    this.made.set(id, made);
    made.catch(() => this.made.delete(id));
    return made;
  }

  private keys(): Promise<Keys> {
    this.opened ??= openKeys(this.environment.CAIRN_DATA_DIR).catch((error: unknown) => {
      this.opened = undefined;
      throw error;
    });
    return this.opened;
  }

  private async make(publicUrl: string, name: string): Promise<Realm> {
    const { keyValueStore, clients, users, log } = this;
    const { signing, cookieKey } = await this.keys();
    const provider = await makeProvider({
      publicUrl,
      realm: name,
      keyValueStore,
      clients,
      uses: this.uses,
      keys: signing,
      cookieKey,
      audience: this.environment.OIDC_AUDIENCE,
      createdAt: (username) => users.createdAt(username),
      claimsOf: (username) => users.claimsOf(username),
      log,
    });
    return { publicUrl, name, base: basePathOf(publicUrl, name), provider };
  }
}
