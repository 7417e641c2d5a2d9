import { createPublicKey, randomUUID } from 'node:crypto';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import type { NewEvent } from '#ledger/ledger.js';
import type { Caller } from '#bus/contract.js';
import { initialRule } from '#contracts/iceprod/access.js';
import { GetAccessRule, GetSigningKeys, ListUsers, SetAccessRule } from '#contracts/iceprod/users.js';
import { Reached } from '#bus/visibility.js';
import { ServiceHost } from '#projection/testing/service-host.js';
import { SigningKey } from '#platform/tokens/signing-key.js';
import { AuthModule } from './auth.module.js';

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
    type: 'DatasetSubmitted',
    data: { dataset_id: id, submitter, access: initialRule(submitter, 'simprod', ['users']) },
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
  await host.request(Reached('auth'), { position }, admin);
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

it('hands out the public half of the key in the data folder', async () => {
  const { keys } = await host.request(GetSigningKeys, {}, admin);
  expect(keys).toEqual([(await SigningKey.open(host.folder)).publicJwk]);
  expect(createPublicKey({ key: { ...keys[0] }, format: 'jwk' }).asymmetricKeyType).toBe('rsa');
  expect(keys[0]).not.toHaveProperty('d');
  expect(statSync(join(host.folder, 'keys')).mode & 0o777).toBe(0o700);
});
