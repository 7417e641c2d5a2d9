import { eventually } from '#platform/testing/eventually.js';
import type { HttpClient } from '../../harness/http-client.js';
import type { OpenIdIssuer } from '../../harness/openid-issuer.js';
import type { TestCluster } from '../../harness/test-cluster.js';
import { AUDIENCE, tokensOf } from './bad-tokens.js';
import type { Relation } from './expectations.js';
import type { Side } from './sides.js';

export interface Caller {
  readonly name: string;
  readonly client: HttpClient;
  readonly relationTo: (side: Side) => Relation;
}

/** An administrator whom another one has removed. */
const removedUser = async ({ cairn, admin, anonymous }: TestCluster): Promise<HttpClient> => {
  const username = 'removed';
  const client = anonymous.as(await cairn.token({ username, roles: ['admin', 'user'] }));
  await admin.put(`/users/${username}`);
  expect((await client.get('/roles')).status).toBe(200);
  expect((await admin.send('DELETE', `/users/${username}`)).status).toBe(200);
  await eventually(async () => (await client.get('/roles')).status, 403);
  return client;
};

/**
 * All kinds of callers. Callers of a list differ in nothing that routes decide about, so each route is tried with one of them.
 *
 * @param holder a worker that holds tasks of the first side
 */
export const prepareCallers = async (
  cluster: TestCluster,
  [first]: readonly [Side, Side],
  holder: HttpClient,
  issuer: OpenIdIssuer,
  stranger: OpenIdIssuer,
): Promise<readonly (readonly Caller[])[]> => {
  const { cairn, anonymous } = cluster;
  const { sound, bad } = await tokensOf(cairn, issuer, stranger);
  const always = (name: string, relation: Relation, token: string | undefined): Caller => ({
    ...{ name, client: anonymous.as(token), relationTo: () => relation },
  });
  const withRole = async (role: string, relation: Relation): Promise<Caller> =>
    always(`role ${role}`, relation, await cairn.token({ username: `with-${role}`, roles: [role] }));
  const user = async (username: string, group: string): Promise<Caller> => ({
    name: `user ${username} of ${group}`,
    client: anonymous.as(await cairn.token({ username, roles: ['user'], groups: [group] })),
    relationTo: (side) => {
      if (side.owner === username) return 'owner';
      return side.group === group ? 'member' : 'other';
    },
  });
  /** Users of another issuer, who have the names of local ones. */
  const external = async (preferred_username: string): Promise<Caller> => {
    const groups = ['/institutions/IceCube/UW'];
    const token = await issuer.sign({ sub: `of-${preferred_username}`, preferred_username, groups, aud: AUDIENCE });
    return always(`external ${preferred_username}`, 'other', token);
  };
  const flawed = (flaw: string): readonly Caller[] =>
    Object.entries(bad)
      .filter(([name]) => name.includes(flaw))
      .map(([name, token]) => always(name, 'bad', token));
  return [
    [always('nobody', 'anonymous', undefined)],
    ...['expired', 'audience', 'issuer', 'algorithm'].map(flawed),
    [{ name: 'removed user', client: await removedUser(cluster), relationTo: () => 'bad' }],
    [
      always('no role', 'roleless', await cairn.token({ username: 'nobody' })),
      await withRole('anonymous', 'roleless'),
      await withRole('unheard-of', 'roleless'),
    ],
    [await user('bob', 'users')],
    [await user('alice', 'simprod')],
    [await user('amanda', 'simprod')],
    [await user('carol', 'filtering')],
    [await external('alice'), await external('admin')],
    [await withRole('pilot', 'pilot')],
    [await withRole('worker', 'worker')],
    [{ name: 'worker with leases', client: holder, relationTo: (side) => (side === first ? 'holder' : 'worker') }],
    [await withRole('client', 'client')],
    [await withRole('system', 'system')],
    Object.entries(sound).map(([kind, token]) => always(`admin, ${kind}`, 'admin', token)),
  ];
};
