import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SqliteKeyValueStore } from '#storage/sqlite-key-value-store.js';
import { Clients, PUBLIC_CLIENT } from '../account/clients.js';
import { KeyedLocks } from '../credential/keyed-locks.js';
import { KeyValueAdapter, REFRESH_SECONDS } from './key-value-adapter.js';

const nowSeconds = (): number => Math.floor(Date.now() / 1000);

describe('KeyValueAdapter', () => {
  let folder = '';
  let file = '';
  let keyValueStore: SqliteKeyValueStore;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'cairn-openid-'));
    file = join(folder, 'auth.sqlite');
    keyValueStore = new SqliteKeyValueStore(file);
  });

  afterEach(async () => {
    await keyValueStore.close();
    await rm(folder, { recursive: true });
  });

  /** Users with a record, and when it was made. */
  const records = new Map<string, number>();

  const uses = new KeyedLocks();
  const adapter = (kind: string, realm = 'IceCube') =>
    new KeyValueAdapter(
      {
        ...{ keyValueStore, clients: new Clients(keyValueStore), realm, uses },
        createdAt: (username) => records.get(username),
      },
      kind,
    );

  it('finds by every name, in its realm only', async () => {
    const payload = { jti: 'code', userCode: 'ABCD', uid: 'u', grantId: 'g' };
    await adapter('DeviceCode').upsert('code', payload, 60);
    expect(await adapter('DeviceCode').find('code')).toEqual(payload);
    expect(await adapter('DeviceCode').findByUserCode('ABCD')).toEqual(payload);
    expect(await adapter('DeviceCode').findByUid('u')).toEqual(payload);
    expect(await adapter('DeviceCode', 'Other').find('code')).toBeUndefined();
    expect(await adapter('DeviceCode', 'Other').findByUserCode('ABCD')).toBeUndefined();
    expect(await adapter('Session').find('code')).toBeUndefined();
  });

  it('forgets what has expired, was destroyed or revoked', async () => {
    await adapter('Session').upsert('old', { jti: 'old' }, -1);
    expect(await adapter('Session').find('old')).toBeUndefined();
    await adapter('Session').upsert('s', { jti: 's' }, 60);
    await adapter('Session').destroy('s');
    expect(await adapter('Session').find('s')).toBeUndefined();
    await adapter('RefreshToken').upsert('r', { grantId: 'g' }, 60);
    await adapter('RefreshToken').upsert('other', { grantId: 'h' }, 60);
    await adapter('AuthorizationCode').revokeByGrantId('g');
    expect(await adapter('RefreshToken').find('r')).toBeUndefined();
    expect(await adapter('RefreshToken').find('other')).toBeDefined();
  });

  it('finds what is held in the name of a user as long as there is the record that it was given to', async () => {
    records.set('pingu', 1);
    await adapter('RefreshToken').upsert('r', { accountId: 'pingu', grantId: 'g', exp: nowSeconds() + 60 }, 60);
    await adapter('Session').upsert('s', { accountId: 'pingu', uid: 'u' }, 60);
    expect((await adapter('RefreshToken').find('r'))?.accountId).toBe('pingu');
    records.delete('pingu');
    expect(await adapter('RefreshToken').find('r')).toBeUndefined();
    expect(await adapter('Session').findByUid('u')).toBeUndefined();
    records.set('pingu', 2);
    expect(await adapter('RefreshToken').find('r')).toBeUndefined();
    expect(await adapter('Session').find('s')).toBeUndefined();
    await adapter('Session').upsert('t', { accountId: 'pingu' }, 60);
    expect(await adapter('Session').find('t')).toEqual({ accountId: 'pingu' });
  });

  it('marks what was used', async () => {
    await adapter('AuthorizationCode').upsert('c', { jti: 'c', exp: nowSeconds() + 60 }, 60);
    await adapter('AuthorizationCode').consume('c');
    expect(await adapter('AuthorizationCode').find('c')).toMatchObject({
      jti: 'c',
      consumed: expect.any(Number) as number,
    });
  });

  it('lets something be used once, also by requests at the same time', async () => {
    await adapter('AuthorizationCode').upsert('c', { jti: 'c', exp: nowSeconds() + 60 }, 60);
    const outcomes = await Promise.allSettled([1, 2, 3].map(() => adapter('AuthorizationCode').consume('c')));
    expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected', 'rejected']);
    await expect(adapter('AuthorizationCode').consume('c')).rejects.toMatchObject({ error: 'invalid_grant' });
  });

  it('lets refresh tokens and their grants live on when they are used, but not once they are over', async () => {
    for (const kind of ['RefreshToken', 'Grant']) {
      const exp = nowSeconds() + 5;
      await adapter(kind).upsert('t', { jti: 't', exp }, 5);
      const found = await adapter(kind).find('t');
      expect(found?.exp).toBeGreaterThanOrEqual(exp - 5 + REFRESH_SECONDS);
      expect(await adapter(kind).find('t')).toEqual(found);
      const [entry] = await keyValueStore.list(`openid/IceCube/${kind}/`);
      expect(entry?.expiresAtMs).toBeGreaterThan(Date.now() + (REFRESH_SECONDS - 60) * 1000);
      await adapter(kind).upsert('over', { jti: 'over', exp: nowSeconds() - 1 }, 60);
      expect((await adapter(kind).find('over'))?.exp).toBeLessThan(nowSeconds());
    }
    await adapter('Session').upsert('t', { jti: 't', exp: 1 }, 5);
    expect((await adapter('Session').find('t'))?.exp).toBe(1);
  });

  it('keeps no refresh token that could be used', async () => {
    const secret = 'a-secret-refresh-token';
    await adapter('RefreshToken').upsert(secret, { jti: secret, grantId: 'g' }, 60);
    expect((await adapter('RefreshToken').find(secret))?.jti).toBe(secret);
    const bytes = await Promise.all([file, `${file}-wal`].map((each) => readFile(each).catch(() => Buffer.alloc(0))));
    expect(Buffer.concat(bytes).includes(secret)).toBe(false);
  });

  it('knows registered clients, and the public one of everybody', async () => {
    const clients = new Clients(keyValueStore);
    await clients.put({ clientId: 'web', secretHash: 'x', redirectUris: ['https://web.example/'], isSystem: false });
    expect(await adapter('Client').find('web')).toMatchObject({ client_secret: 'x', response_types: ['code'] });
    expect(await adapter('Client').find(PUBLIC_CLIENT)).toMatchObject({ token_endpoint_auth_method: 'none' });
    expect(await adapter('Client').find('nobody')).toBeUndefined();
  });
});
