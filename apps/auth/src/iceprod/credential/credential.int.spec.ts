import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { rmSync, statSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { Caller } from '#bus/contract.js';
import type { CredentialFields } from '#contracts/credentials.js';
import {
  AmendCredential,
  CreateCredential,
  DeleteCredentials,
  ExchangeCredentials,
  ListCredentials,
  StoreCredential,
} from '#contracts/iceprod/credentials.js';
import { DeleteUser } from '#contracts/iceprod/users.js';
import { KeyValueStore } from '#storage/key-value-store.js';
import { ServiceHost } from '#event-sourcing/testing/service-host.js';
import { AuthModule } from '../../auth.module.js';

const admin: Caller = { subject: 'root', username: 'root', roles: ['admin'], groups: [] };
const owner = { username: 'alice' };
const S3: CredentialFields = {
  url: 'https://s3.example',
  type: 's3',
  buckets: ['b'],
  access_key: 'key',
  secret_key: 'hush',
};
const oauth = (fields: Partial<CredentialFields>): CredentialFields => ({
  url: 'u',
  type: 'oauth',
  access_token: 'hush',
  ...fields,
});

let variables: Record<string, string>;
let host: ServiceHost;
beforeEach(async () => {
  variables = {};
  host = new ServiceHost(AuthModule, variables);
  await host.start();
});
afterEach(() => host.end());

const store = (fields: CredentialFields, commandId?: string) =>
  host.request(StoreCredential, { owner, ...fields }, admin, commandId);
const listed = async (): Promise<readonly Readonly<Record<string, unknown>>[]> => {
  const { document } = await host.request(ListCredentials, { owner, norefresh: true }, admin);
  return JSON.parse(document) as Readonly<Record<string, unknown>>[];
};
const boxes = () => host.part(KeyValueStore).list('credential/');
const keyIds = async () => (await boxes()).map(({ value }) => (JSON.parse(value) as { key_id: string }).key_id);
const records = async () => {
  const events = await host.ledger.readStream('credential-cairn.main.%5B%22user%22%2C%22alice%22%5D');
  return events.map(({ type, data }) => ({ type, data: Buffer.from(data).toString() }));
};
const restart = async (change: () => void) => {
  await host.stop();
  change();
  await host.start();
};

describe('what is written', () => {
  it('tells owner, address, type and key in records, and nothing secret anywhere', async () => {
    const { credential_id } = await store(S3);
    const [key_id] = await keyIds();
    const [record] = await records();
    expect(record?.type).toBe('CredentialStored');
    expect(JSON.parse(record?.data ?? '')).toEqual({
      credential_id,
      owner: { user: 'alice' },
      url: S3.url,
      type: 's3',
      key_id,
      replaces: [],
    });
    expect(JSON.stringify(await boxes())).not.toContain('hush');
    expect(statSync(join(host.folder, 'keys/credentials-key')).mode & 0o777).toBe(0o600);
  });

  it('is gone from the key-value store when it is replaced or deleted', async () => {
    await store(S3);
    const { credential_id } = await store({ ...S3, secret_key: 'other' });
    expect((await boxes()).map(({ key }) => key)).toEqual([`credential/${credential_id}`]);
    expect(await host.request(DeleteCredentials, { owner, url: S3.url }, admin)).toEqual({ deleted: 1 });
    expect(await boxes()).toEqual([]);
    expect((await records()).map(({ type }) => type)).toEqual([
      'CredentialStored',
      'CredentialStored',
      'CredentialDeleted',
    ]);
  });

  it('stands once for a command that is repeated', async () => {
    const first = await store(S3, 'c1');
    expect(await store(S3, 'c1')).toEqual(first);
    expect(await records()).toHaveLength(1);
    expect(await boxes()).toHaveLength(1);
    expect(await listed()).toHaveLength(1);
  });

  it('outlives the loss of the read model', async () => {
    await store(S3);
    await host.rebuild();
    expect(await listed()).toMatchObject([{ secret_key: 'hush' }]);
  });
});

it('leaves nothing encrypted of an owner who was deleted while the issuer was asked', async () => {
  const asked = Promise.withResolvers<void>();
  const released = Promise.withResolvers<void>();
  const issuer = createServer((request, response) => {
    void (async () => {
      if (request.method === 'POST') {
        asked.resolve();
        await released.promise;
      }
      const url = variables['CREDENTIALS_ISSUER_URL'];
      response.end(JSON.stringify({ issuer: url, token_endpoint: url, access_token: 'new' }));
    })();
  });
  issuer.listen(0, '127.0.0.1');
  await once(issuer, 'listening');
  await restart(() => {
    const { port } = issuer.address() as AddressInfo;
    Object.assign(variables, {
      CREDENTIALS_ISSUER_URL: `http://127.0.0.1:${port}`,
      ...{ CREDENTIALS_CLIENT_ID: 'cairn', CREDENTIALS_CLIENT_SECRET: 'hush' },
    });
  });
  await store(oauth({ url: `${variables['CREDENTIALS_ISSUER_URL'] ?? ''}/data`, refresh_token: 'r', expiration: 1 }));
  const used = host.request(ListCredentials, { owner, norefresh: false }, admin);
  await asked.promise;
  await host.request(DeleteUser, { user: 'alice' }, admin);
  released.resolve();
  expect((await used).document).toContain('"access_token":"new"');
  expect(await boxes()).toEqual([]);
  expect(await listed()).toEqual([]);
  issuer.closeAllConnections();
  issuer.close();
});

describe('keys', () => {
  const key = randomBytes(32).toString('base64');
  const next = randomBytes(32).toString('base64');

  it('follow one another: what another has encrypted is encrypted anew at the start', async () => {
    await store(S3);
    const [own] = await keyIds();
    await restart(() => Object.assign(variables, { CAIRN_SECRET_KEY: key }));
    const [first] = await keyIds();
    expect(first).not.toBe(own);
    await restart(() => Object.assign(variables, { CAIRN_SECRET_KEY: next, CAIRN_SECRET_KEYS_OLD: key }));
    const [second] = await keyIds();
    expect(second).not.toBe(first);
    await restart(() => {
      delete variables['CAIRN_SECRET_KEYS_OLD'];
      rmSync(join(host.folder, 'keys/credentials-key'));
    });
    expect(await listed()).toMatchObject([{ secret_key: 'hush' }]);
  });

  it('that are lost take their credentials with them; those can be stored again', async () => {
    await store(S3);
    await restart(() => rmSync(join(host.folder, 'keys/credentials-key')));
    expect(await listed()).toEqual([]);
    await store(S3);
    expect(await listed()).toHaveLength(1);
    expect(await boxes()).toHaveLength(1);
  });

  it('open nothing that was moved to another owner', async () => {
    const { credential_id } = await store(S3);
    const other = await host.request(StoreCredential, { owner: { username: 'bob' }, ...S3 }, admin);
    const keyValueStore = host.part(KeyValueStore);
    const box = (await keyValueStore.get(`credential/${other.credential_id}`)) ?? '';
    await keyValueStore.put(`credential/${credential_id}`, box);
    expect(await listed()).toEqual([]);
  });
});

describe('changes', () => {
  it('are told apart by scope, and never make two the same', async () => {
    await store(oauth({ scope: 'a' }));
    await store(oauth({ scope: 'b' }));
    await store(oauth({}));
    expect((await listed()).map(({ scope }) => scope)).toEqual(['a', 'b', undefined]);
    await host.request(AmendCredential, { owner, ...oauth({ scope: 'b', access_token: 'new' }) }, admin);
    expect((await listed()).map(({ scope, access_token }) => [scope, access_token])).toEqual([
      ['a', 'hush'],
      ['b', 'new'],
      [undefined, 'hush'],
    ]);
    await host.request(DeleteCredentials, { owner, scope: 'b' }, admin);
    await host.request(AmendCredential, { owner, ...oauth({ scope: 'b' }) }, admin);
    expect((await listed()).map(({ scope }) => scope)).toContain('b');
    await store({ ...S3, url: 'u', transfer_prefix: 'p' });
    await expect(
      host.request(AmendCredential, { owner, ...oauth({ type: 's3', url: 'elsewhere' }) }, admin),
    ).rejects.toMatchObject({ kind: 'not-found' });
  });

  it('that would make two the same are conflicts', async () => {
    await store(oauth({}));
    // Selected by its prefix: the first of those without the scope asked for.
    await store(oauth({ url: 'v' }));
    await store({ ...oauth({ url: 'v', scope: 'a', transfer_prefix: 'p' }) });
    const token = `e30.${Buffer.from('{"scope":"a"}').toString('base64url')}.x`;
    await store(oauth({ url: 'v', transfer_prefix: 'p' }));
    const before = await records();
    const change = { owner, ...oauth({ url: 'v', transfer_prefix: 'p', access_token: token }) };
    await expect(host.request(AmendCredential, change, admin)).rejects.toMatchObject({ kind: 'conflict' });
    expect(await records()).toEqual(before);
  });
});

it('does without an issuer: nothing is exchanged or made', async () => {
  await store(oauth({}));
  expect(await host.request(ExchangeCredentials, { owner, client_id: 'c' }, admin)).toEqual({ document: '[]' });
  await expect(
    host.request(CreateCredential, { username: 'alice', scope: 's', url: 'u', transfer_prefix: '' }, admin),
  ).rejects.toMatchObject({ kind: 'invalid', message: 'no issuer of credentials is configured' });
});
