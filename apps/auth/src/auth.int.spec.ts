import { createPublicKey, randomUUID } from 'node:crypto';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import type { NewEvent } from '#ledger/ledger.js';
import type { Caller } from '#bus/contract.js';
import { initialRule } from '#contracts/iceprod/initial-rule.js';
import {
  AddUserToGroup,
  DefineRole,
  DescribeGroup,
  DeleteGroup,
  CreateUser,
  CreateGroup,
  GetAccessRule,
  GetRole,
  GetUser,
  ListGroups,
  ListRoles,
  ListUsers,
  LogIn,
  PrioritizeUser,
  DeleteUser,
  SetAccessRule,
} from '#contracts/iceprod/users.js';
import { AskOpenId, type WebAnswer } from '#contracts/openid.js';
import { GetSigningKeys, ListRevocations, type RevocationCursor } from '#contracts/tokens.js';
import { WaitForPosition } from '#bus/visibility.js';
import { contentReplaced } from '#event-sourcing/content-version.js';
import { ReadModel } from '#event-sourcing/read-model.js';
import { ServiceHost } from '#event-sourcing/testing/service-host.js';
import { nowMicros } from '#platform/clock.js';
import { SigningKey } from '#platform/tokens/signing-key.js';
import { KeyValueStore } from '#storage/key-value-store.js';
import { Clients, hashSecret } from './account/clients.js';
import { AuthModule } from './auth.module.js';
import { UserProvisioning } from './user/user-provisioning.js';
import { PasswordGuesses } from './login/password-guesses.js';
import { AnonymousRecords } from './openid/anonymous-records.js';

const LOGIN = { username: 'u', password: 'p', address: '192.0.2.1' };
const admin: Caller = { subject: 'root', username: 'root', roles: ['admin'], groups: ['admin'] };

let host: ServiceHost;
beforeEach(async () => {
  host = new ServiceHost(AuthModule);
  await host.start();
});
afterEach(() => host.end());

/** What the datasets service records; resolves when auth shows it. */
const submitted = async (id: string, submitter: string, timeMicros = 1): Promise<void> => {
  const event: NewEvent = {
    id: randomUUID(),
    type: 'WorkloadSubmitted',
    data: { workload_id: id, submitter, access: initialRule(submitter, 'simprod', ['users']) },
    metadata: {
      timeMicros,
      actor: submitter,
      dialect: 'iceprod',
      correlationId: 'c',
      causationId: 'c',
      schemaVersion: 1,
    },
  };
  const { position } = await host.ledger.append(`workload-iceprod.main.${id}`, -1, [event]);
  await host.request(WaitForPosition('auth'), { position }, admin);
};
const rule = (id: string) => host.request(GetAccessRule, { dataset_id: id }, admin);
const users = async (username?: string): Promise<readonly Record<string, unknown>[]> => {
  const { document } = await host.request(ListUsers, username === undefined ? {} : { username }, admin);
  return (JSON.parse(document) as { results: Record<string, unknown>[] }).results;
};

describe('access rules', () => {
  it('follow from the submission until they are set; user lists that are left out stay', async () => {
    await submitted('d', 'alice');
    expect(await rule('d')).toEqual(initialRule('alice', 'simprod', ['users']));
    await host.request(SetAccessRule, { dataset_id: 'd', read_groups: ['filtering'], write_groups: [] }, admin);
    await host.request(
      SetAccessRule,
      { dataset_id: 'd', read_groups: ['users'], write_groups: ['admin'], read_users: [] },
      admin,
    );
    const expected = { read_groups: ['users'], write_groups: ['admin'], read_users: [], write_users: ['alice'] };
    expect(await rule('d')).toEqual(expected);
    await host.rebuild();
    expect(await rule('d')).toEqual(expected);
  });

  it('can be set for any id', async () => {
    await host.request(SetAccessRule, { dataset_id: 'foo', read_groups: ['users'], write_groups: ['simprod'] }, admin);
    expect(await rule('foo')).toEqual({ read_groups: ['users'], write_groups: ['simprod'] });
  });

  it('name known groups only', async () => {
    await expect(
      host.request(SetAccessRule, { dataset_id: 'd', read_groups: ['users'], write_groups: ['nobody'] }, admin),
    ).rejects.toMatchObject({ kind: 'invalid', message: 'invalid group name' });
    await expect(rule('d')).rejects.toMatchObject({ kind: 'not-found', message: 'Dataset not found' });
  });
});

describe('users', () => {
  it('are whoever submitted datasets, each once, in the order of the first submission', async () => {
    await submitted('a', 'bob', 2);
    await submitted('b', 'alice', 3);
    await submitted('c', 'alice', 1);
    const listed = await users();
    expect(listed).toEqual([
      {
        user_id: expect.stringMatching(/^[0-9a-f]{32}$/) as unknown,
        username: 'alice',
        priority: 0.5,
        groups: [],
        roles: [],
      },
      { user_id: expect.any(String) as unknown, username: 'bob', priority: 0.5, groups: [], roles: [] },
    ]);
    expect(await users('bob')).toEqual([listed[1]]);
    expect(await users('nobody')).toEqual([]);
    await host.rebuild();
    expect(await users()).toEqual(listed);
  });
});

describe('users who are changed and submit', () => {
  it('are the same after everything was made anew, whatever comes first', async () => {
    await submitted('a', 'ada', 5);
    await host.request(PrioritizeUser, { username: 'ada', priority: 0.9 }, admin);
    await submitted('b', 'eve', 6);
    await host.request(DeleteUser, { user: 'eve' }, admin);
    await submitted('c', 'bea', 7);
    await host.request(DeleteUser, { user: 'bea' }, admin);
    await submitted('d', 'bea', Date.now() * 1000 + 3_600_000_000);
    await host.request(CreateUser, { username: 'cy', duplicate: 'conflict' }, admin);
    await host.request(DeleteUser, { user: 'cy' }, admin);
    await host.request(CreateUser, { username: 'cy', duplicate: 'conflict', extra: '{"x":1.0}' }, admin);
    await host.request(CreateGroup, { name: 'g', extra: '{}' }, admin);
    await host.request(AddUserToGroup, { user: 'cy', group: 'g' }, admin);
    const listed = await users();
    expect(listed.map(({ username, priority, groups }) => ({ username, priority, groups }))).toEqual([
      { username: 'ada', priority: 0.9, groups: [] },
      { username: 'cy', priority: 0.5, groups: ['g'] },
      { username: 'bea', priority: 0.5, groups: [] },
    ]);
    const before = await host.request(GetUser, { user: 'cy' }, admin);
    expect(before.document).toMatch(/"groups":\["g"\],"roles":\[\],"x":1\.0}$/);
    await host.rebuild();
    expect(await users()).toEqual(listed);
    expect(await host.request(GetUser, { user: 'cy' }, admin)).toEqual(before);
  });
});

describe('groups and roles', () => {
  it('are the same after everything was made anew', async () => {
    await host.request(CreateGroup, { name: 'b', priority: 0.2, extra: '{"n":1.0}' }, admin);
    await host.request(DescribeGroup, { name: 'a', extra: '{}' }, admin);
    await host.request(DescribeGroup, { name: 'b', extra: '{"m":2}' }, admin);
    await host.request(CreateGroup, { name: 'c', extra: '{}' }, admin);
    await host.request(DeleteGroup, { group: 'c' }, admin);
    await host.request(DefineRole, { name: 'z', extra: '{}' }, admin);
    await host.request(DefineRole, { name: 'y', extra: '{}' }, admin);
    await host.request(DefineRole, { name: 'z', extra: '{"q":1.0}' }, admin);
    const groups = await host.request(ListGroups, {}, admin);
    expect(groups.document).toMatch(
      /,{"name":"b","priority":0\.2,"group_id":"\w{32}","n":1\.0,"m":2},{"name":"a","priority":0\.5,"group_id":"\w{32}"}\]}$/,
    );
    await host.rebuild();
    expect(await host.request(ListGroups, {}, admin)).toEqual(groups);
    expect(await host.request(ListRoles, {}, admin)).toEqual({ results: ['admin', 'user', 'system', 'z', 'y'] });
    expect(await host.request(GetRole, { name: 'z' }, admin)).toEqual({ document: '{"name":"z","q":1.0}' });
  });

  it('are refused when they fit into no event', async () => {
    const extra = JSON.stringify({ x: 'x'.repeat(200_000) });
    const tooLarge = { kind: 'invalid', message: expect.stringMatching(/too large$/) as string };
    await expect(host.request(CreateGroup, { name: 'g', extra }, admin)).rejects.toMatchObject(tooLarge);
    await expect(host.request(DefineRole, { name: 'r', extra }, admin)).rejects.toMatchObject(tooLarge);
    await expect(host.request(CreateUser, { username: 'u', duplicate: 'invalid', extra }, admin)).rejects.toMatchObject(
      tooLarge,
    );
  });
});

it('lets nobody log in without an LDAP server', async () => {
  await expect(host.request(LogIn, LOGIN, admin)).rejects.toMatchObject({
    kind: 'forbidden',
    message: 'Login failed',
  });
});

it('lets nobody in who is removed while the password is checked', async () => {
  const context = { correlationId: 'c', deadlineMs: Date.now() + 10_000, dialect: 'iceprod', caller: admin };
  const begunMicros = nowMicros();
  const logIn = (timeMicros: number) =>
    host.part(UserProvisioning).provision({ username: 'late', roles: ['admin'], groups: [] }, context, timeMicros);
  expect(await logIn(begunMicros)).toMatchObject({ reply: { username: 'late' } });
  await host.request(DeleteUser, { user: 'late' }, admin);
  expect(await logIn(begunMicros)).toMatchObject({ error: { kind: 'unauthenticated' } });
  expect(await users('late')).toEqual([]);
  expect(await logIn(nowMicros() + 1000)).toMatchObject({ reply: { username: 'late' } });
});

it('keeps the hash of the password of a local account out of the history', async () => {
  const context = { correlationId: 'c', deadlineMs: Date.now() + 10_000, dialect: 'iceprod', caller: admin };
  const account = { username: 'kept', roles: ['user'], groups: [], password: 'scrypt$salt$key' };
  await host.part(UserProvisioning).provision(account, context, nowMicros());
  const [created] = await host.ledger.readStream('user-cairn.main.kept');
  expect(created).toMatchObject({ type: 'UserCreated' });
  expect(created?.data).not.toContain('scrypt');
});

it('counts no password that the LDAP server did not check', async () => {
  const away = new ServiceHost(AuthModule, {
    LDAP_URL: 'ldap://127.0.0.1:9',
    LDAP_BASE: 'dc=example',
    LOG_LEVEL: 'error',
  });
  await away.start();
  try {
    for (let attempt = 0; attempt < 12; attempt += 1) {
      await expect(away.request(LogIn, LOGIN, admin)).rejects.toMatchObject({ message: 'Login failed' });
    }
    const guess = { username: LOGIN.username, address: LOGIN.address };
    expect(await away.part(PasswordGuesses).guess(guess, () => Promise.resolve('right'))).toBe('right');
  } finally {
    await away.end();
  }
});

it('hands out the public half of the key in the data folder', async () => {
  const { keys } = await host.request(GetSigningKeys, {}, admin);
  expect(keys).toEqual([(await SigningKey.open(host.folder)).publicJwk]);
  expect(createPublicKey({ key: { ...keys[0] }, format: 'jwk' }).asymmetricKeyType).toBe('rsa');
  expect(keys[0]).not.toHaveProperty('d');
  expect(statSync(join(host.folder, 'keys')).mode & 0o777).toBe(0o700);
});

describe('the OpenID provider', () => {
  const REALM = '/auth/realms/IceCube';
  const ask = async (
    address: string,
    path: string,
    fields?: Readonly<Record<string, string>>,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<WebAnswer> => {
    const request = {
      ...{ url: `${REALM}${path}`, method: fields === undefined ? 'GET' : 'POST', address },
      ...{ headers: { host: '127.0.0.1', ...headers }, body: new URLSearchParams(fields ?? {}).toString() },
    };
    return host.request(AskOpenId, request, admin);
  };
  const TOKEN = '/protocol/openid-connect/token';
  const DEVICE = '/protocol/openid-connect/auth/device';
  const startDevice = (address: string) => ask(address, DEVICE, { client_id: 'iceprod-public' });
  const countRecords = async () => (await host.part(KeyValueStore).list('openid/', { limit: 100 })).length;

  it('makes a bounded number of records for requests without any proof', async () => {
    const records = host.part(AnonymousRecords);
    while (records.take('192.0.2.1')) records.keep('192.0.2.1');
    const before = await countRecords();
    const answer = await startDevice('192.0.2.1');
    expect(answer).toMatchObject({
      status: 429,
      headers: expect.arrayContaining([['retry-after', '60']]) as unknown,
      body: expect.stringContaining('"error":"temporarily_unavailable"') as string,
    });
    const login = `?${new URLSearchParams({ client_id: 'web', response_type: 'code' }).toString()}`;
    for (const path of ['/device', `/protocol/openid-connect/auth${login}`, '/protocol/openid-connect/logout']) {
      expect(await ask('192.0.2.1', path)).toMatchObject({
        status: 429,
        body: expect.stringContaining('Please wait') as string,
      });
    }
    expect(await countRecords()).toBe(before);
    expect((await ask('192.0.2.1', '/protocol/openid-connect/certs')).status).toBe(200);
    expect((await startDevice('192.0.2.2')).status).toBe(200);
    expect((await ask('192.0.2.2', '/device')).status).toBe(200);
  });

  it('counts records that were made, and not what was refused', async () => {
    const records = host.part(AnonymousRecords);
    const places = (): number => {
      let count = 0;
      while (records.take('192.0.2.3')) count += 1;
      for (let place = 0; place < count; place += 1) records.giveBack('192.0.2.3');
      return count;
    };
    const before = places();
    await ask('192.0.2.3', DEVICE, { client_id: 'nobody' });
    await ask('192.0.2.3', DEVICE, { client_id: 'iceprod-public', code_challenge: 'no hash' });
    await ask('192.0.2.3', '/device', { user_code: 'AAAA-AAAA' });
    expect(places()).toBe(before);
    await startDevice('192.0.2.3');
    const page = await ask('192.0.2.3', '/device');
    expect(places()).toBe(before - 2);
    const cookies = page.headers.filter(([name]) => name === 'set-cookie').map(([, value]) => value.split(';')[0]);
    await ask('192.0.2.3', '/device', undefined, { cookie: cookies.join('; ') });
    expect(places()).toBe(before - 2);
  });

  it('answers wrong secrets cheaply after a while, and takes the right one all the same', async () => {
    const clients = host.part(Clients);
    await clients.put({ clientId: 'grid', secretHash: hashSecret('right'), redirectUris: [], isSystem: true });
    const show = (client_secret: string, address = '192.0.2.4') =>
      ask(address, TOKEN, { grant_type: 'client_credentials', client_id: 'grid', client_secret });
    const statuses = new Set<number>();
    for (let guess = 0; guess < 50; guess += 1) statuses.add((await show(`guess ${guess}`)).status);
    expect([...statuses]).toEqual([401]);
    expect((await show('guess')).status).toBe(429);
    expect((await show('guess', '192.0.2.5')).status).toBe(401);
    expect((await show('right')).status).toBe(200);
  });
});

describe('revocations', () => {
  it('are told again by a file that was put in place, because it may have numbered them otherwise', async () => {
    const after = (cursor?: RevocationCursor) =>
      host.request(ListRevocations, cursor === undefined ? {} : { cursor }, admin);
    await host.request(CreateUser, { username: 'eve', duplicate: 'conflict' }, admin);
    await host.request(DeleteUser, { user: 'eve' }, admin);
    const { revocations, cursor } = await after();
    expect(revocations).toMatchObject([{ subject: 'eve' }]);
    expect(await after(cursor)).toMatchObject({ revocations: [], cursor });
    contentReplaced(host.part(ReadModel).queries);
    expect(await after(cursor)).toMatchObject({ revocations });
  });
});
