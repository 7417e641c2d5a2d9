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
import { GetSigningKeys } from '#contracts/tokens.js';
import { WaitForPosition } from '#bus/visibility.js';
import { ServiceHost } from '#event-sourcing/testing/service-host.js';
import { SigningKey } from '#platform/tokens/signing-key.js';
import { AuthModule } from './auth.module.js';
import { PasswordAttempts } from './login/password-attempts.js';

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
  await expect(host.request(LogIn, { username: 'u', password: 'p' }, admin)).rejects.toMatchObject({
    kind: 'forbidden',
    message: 'Login failed',
  });
});

it('lets no name rest because the LDAP server does not answer', async () => {
  const away = new ServiceHost(AuthModule, {
    LDAP_URL: 'ldap://127.0.0.1:9',
    LDAP_BASE: 'dc=example',
    LOG_LEVEL: 'error',
  });
  await away.start();
  try {
    for (let attempt = 0; attempt < 12; attempt += 1) {
      await expect(away.request(LogIn, { username: 'u', password: 'p' }, admin)).rejects.toMatchObject({
        message: 'Login failed',
      });
    }
    expect(away.part(PasswordAttempts).isLocked('u')).toBe(false);
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
