import { hash } from 'node:crypto';
import type { Adapter, AdapterPayload } from 'oidc-provider';
import type { KeyValueStore } from '#storage/key-value-store.js';
import type { Client, Clients } from '../account/clients.js';
import type { KeyedLocks } from '../credential/keyed-locks.js';
import { entriesUnder } from '#storage/entries-under.js';

/** A refresh token lives so long after its last use. */
export const REFRESH_SECONDS = 30 * 24 * 3600;
/** A use within so long of the one before need not be written. */
const RENEW_AFTER_SECONDS = 3600;

/** Kinds whose expiration moves with each use, because refresh tokens are not rotated. */
const SLIDING: readonly string[] = ['RefreshToken', 'Grant'];
/** Kinds that are found by their value only. It is not stored, so that a reader of the file cannot use them. */
const SECRET: readonly string[] = ['RefreshToken', 'AuthorizationCode'];

export const DEVICE_GRANT = 'urn:ietf:params:oauth:grant-type:device_code';

/** Entries of a user, in all realms. */
const ofAccount = (username: string): string => `openid/of-account/${hash('sha256', username)}/`;

/** Deletes the pointers under a prefix, and what they point to. */
const deletePointed = async (keyValueStore: KeyValueStore, prefix: string): Promise<void> => {
  for await (const { key, value } of entriesUnder(keyValueStore, prefix)) {
    await keyValueStore.delete(value);
    await keyValueStore.delete(key);
  }
};

/** Ends every session, grant, code and refresh token of a user. */
export const logOutEverywhere = (keyValueStore: KeyValueStore, username: string): Promise<void> =>
  deletePointed(keyValueStore, ofAccount(username));

const nowSeconds = (): number => Math.floor(Date.now() / 1000);

const metadataOf = ({ clientId, secretHash, redirectUris }: Client): AdapterPayload => ({
  client_id: clientId,
  redirect_uris: [...redirectUris],
  post_logout_redirect_uris: [...redirectUris],
  response_types: redirectUris.length > 0 ? ['code'] : [],
  grant_types: [
    DEVICE_GRANT,
    'refresh_token',
    ...(secretHash === undefined ? [] : ['client_credentials']),
    ...(redirectUris.length > 0 ? ['authorization_code'] : []),
  ],
  ...(secretHash === undefined
    ? { token_endpoint_auth_method: 'none' }
    : { token_endpoint_auth_method: 'client_secret_basic', client_secret: secretHash }),
});

export interface AdapterOptions {
  readonly keyValueStore: KeyValueStore;
  readonly clients: Clients;
  /** Realms share users and clients, but no tokens. */
  readonly realm: string;
  /** Held while something is marked as used, by its key. */
  readonly uses: KeyedLocks;
  /** When the record of a user was made (microseconds); undefined when there is none. */
  readonly createdAt: (username: string) => number | undefined;
}

interface Kept extends AdapterPayload {
  /** When the user's record was created: the entry is valid for that record only, not for a later one of the same name. */
  readonly createdAt?: number;
}

/** Stores what the provider keeps of one kind in the key-value store of the auth service. */
export class KeyValueAdapter implements Adapter {
  private readonly keyValueStore: KeyValueStore;
  private readonly realm: string;

  constructor(
    private readonly options: AdapterOptions,
    private readonly kind: string,
  ) {
    this.keyValueStore = options.keyValueStore;
    this.realm = options.realm;
  }

  async upsert(id: string, payload: AdapterPayload, expiresIn?: number): Promise<void> {
    const key = this.keyOf(id);
    const expiry = expiresIn === undefined ? {} : { expiresAtMs: Date.now() + expiresIn * 1000 };
    const createdAt = this.createdAt(payload);
    const kept: Kept = { ...payload, ...(createdAt !== undefined && { createdAt }) };
    if (SECRET.includes(this.kind)) delete kept.jti;
    const pointers = [
      ...(payload.uid === undefined ? [] : [this.pointer('uid', payload.uid)]),
      ...(payload.userCode === undefined ? [] : [this.pointer('user-code', payload.userCode)]),
      ...(payload.grantId === undefined ? [] : [`${this.grantPrefix(payload.grantId)}${key}`]),
      ...(payload.accountId === undefined ? [] : [`${ofAccount(payload.accountId)}${key}`]),
    ];
    // A login that has only begun can begin again after a power failure, so it does not make others wait for the disk.
    const durability = payload.accountId === undefined ? 'process' : 'disk';
    await this.keyValueStore.putAll(
      [
        { key, value: JSON.stringify(kept), ...expiry },
        ...pointers.map((pointer) => ({ key: pointer, value: key, ...expiry })),
      ],
      durability,
    );
  }

  async find(id: string): Promise<AdapterPayload | undefined> {
    if (this.kind === 'Client') {
      const client = await this.options.clients.find(id);
      return client === undefined ? undefined : metadataOf(client);
    }
    const found = await this.read(this.keyOf(id));
    if (found === undefined) return undefined;
    const payload = SECRET.includes(this.kind) ? { ...found, jti: id } : found;
    return SLIDING.includes(this.kind) ? this.renewed(id, payload) : payload;
  }

  findByUid(uid: string): Promise<AdapterPayload | undefined> {
    return this.follow(this.pointer('uid', uid));
  }

  findByUserCode(userCode: string): Promise<AdapterPayload | undefined> {
    return this.follow(this.pointer('user-code', userCode));
  }

  /** @throws InvalidGrant when it was used already: of two requests at the same time, both may have found it unused */
  consume(id: string): Promise<void> {
    return this.options.uses.run(this.keyOf(id), async () => {
      const payload = await this.find(id);
      if (payload === undefined) return;
      if (payload.consumed !== undefined) {
        const { errors } = await import('oidc-provider');
        throw new errors.InvalidGrant(`${this.kind} already consumed`);
      }
      const expiresIn = payload.exp === undefined ? undefined : payload.exp - nowSeconds();
      await this.upsert(id, { ...payload, consumed: nowSeconds() }, expiresIn);
    });
  }

  destroy(id: string): Promise<void> {
    return this.keyValueStore.delete(this.keyOf(id));
  }

  revokeByGrantId(grantId: string): Promise<void> {
    return deletePointed(this.keyValueStore, this.grantPrefix(grantId));
  }

  private async renewed(id: string, payload: AdapterPayload): Promise<AdapterPayload> {
    const exp = nowSeconds() + REFRESH_SECONDS;
    if (payload.exp === undefined || payload.exp <= nowSeconds() || exp - payload.exp < RENEW_AFTER_SECONDS) {
      return payload;
    }
    const renewed = { ...payload, exp };
    await this.upsert(id, renewed, REFRESH_SECONDS);
    return renewed;
  }

  private async follow(pointer: string): Promise<AdapterPayload | undefined> {
    const key = await this.keyValueStore.get(pointer);
    return key === undefined ? undefined : this.read(key);
  }

  private async read(key: string): Promise<AdapterPayload | undefined> {
    const text = await this.keyValueStore.get(key);
    if (text === undefined) return undefined;
    const { createdAt, ...payload } = JSON.parse(text) as Kept;
    return createdAt === this.createdAt(payload) ? payload : undefined;
  }

  private createdAt({ accountId }: AdapterPayload): number | undefined {
    return accountId === undefined ? undefined : this.options.createdAt(accountId);
  }

  private keyOf(id: string): string {
    return `openid/${this.realm}/${this.kind}/${hash('sha256', id)}`;
  }

  private pointer(by: string, value: string): string {
    return `openid/${this.realm}/${this.kind}-${by}/${hash('sha256', value)}`;
  }

  /** The same for all kinds: what a grant gave is revoked together. */
  private grantPrefix(grantId: string): string {
    return `openid/${this.realm}/of-grant/${hash('sha256', grantId)}/`;
  }
}
