import { decodeJwt } from 'jose';
import { SecretSigner } from '#platform/tokens/secret-signer.js';
import { eventually } from '#platform/testing/eventually.js';
import { MODES } from '../harness/cairn-process.js';
import { type HttpClient, type JsonAnswer, jsonAnswer } from '../harness/http-client.js';
import { done, ok, refused } from '../compat/iceprod/answers.js';
import { type OpenIdIssuer, startOpenIdIssuer } from '../harness/openid-issuer.js';
import { useTestCluster } from '../harness/test-cluster.js';
import { DATASET, newDataset, newJob, newTask } from '../compat/iceprod/fixtures.js';

const CLAIMS = {
  roles: [
    { name: 'user', claim: 'groups', pattern: '/farm(/.*)?' },
    { name: 'system', claim: 'resource_access.farm.roles', pattern: 'service' },
  ],
  groups: [{ name: 'simprod', claim: 'groups', pattern: '/farm/production' }],
};
const WRONG_TOKEN = refused(403, 'authentication failed');
const S3 = { url: 'https://s3.example', type: 's3', buckets: ['b'], access_key: 'key', secret_key: 'hush' };

/** Sites with OpenID providers of their own: the names of one are Cairn's, those of the others are not. */
describe.each(MODES)('external token issuers ($mode)', (mode) => {
  type Name = 'farm' | 'barn' | 'mill';
  const issuers = new Map<Name, OpenIdIssuer>();
  const at = (name: Name): OpenIdIssuer => {
    const issuer = issuers.get(name);
    if (issuer === undefined) throw new Error(`The issuer ${name} is not running`);
    return issuer;
  };

  const cluster = useTestCluster(mode, async () => {
    for (const name of ['farm', 'barn', 'mill'] as const) issuers.set(name, await startOpenIdIssuer());
    const urls = [...issuers.values()].map(({ url }) => url);
    return {
      OIDC_ISSUERS: urls.join(','),
      OIDC_AUDIENCE: 'farm',
      OIDC_CLAIMS: JSON.stringify(Object.fromEntries(urls.map((url) => [url, CLAIMS]))),
      OIDC_LOCAL_NAMES: at('farm').url,
      OIDC_USERS: JSON.stringify({ [at('barn').url]: { mapped: 'carol' } }),
      OIDC_KEYS_REFRESH_SECONDS: '1',
    };
  });

  afterAll(async () => {
    for (const issuer of issuers.values()) await issuer.stop();
  });

  const as = async (claims: object, name: Name = 'farm'): Promise<HttpClient> => {
    const common = { sub: '5d1f', preferred_username: 'pingu', aud: 'farm', groups: ['/farm/production'] };
    return cluster().anonymous.as(await at(name).sign({ ...common, ...claims }));
  };
  /** Cairn's own token of a local user. */
  const local = async (username: string, roles: readonly string[]): Promise<HttpClient> =>
    cluster().anonymous.as(await cluster().cairn.token({ username, roles, groups: ['simprod'] }));
  const pathOf = (username: string): string => `/users/${encodeURIComponent(username)}`;

  it('have their claims mapped as configured', async () => {
    const pingu = await as({});
    const id = await newDataset(pingu);
    expect((await pingu.get(`/datasets/${id}`)).json).toMatchObject({ username: 'pingu', group: 'simprod' });
    expect(await pingu.get('/users')).toEqual(refused(403, 'authorization failed'));
    const service = await as({ groups: [], resource_access: { farm: { roles: ['service'] } } });
    expect((await service.get('/users')).json).toMatchObject({ results: [{ username: 'pingu' }] });
  });

  it('grant nothing for unmapped claims or another audience', async () => {
    for (const groups of [['/tokens/IceProdAdmins', '/institutions/IceCube/UW'], ['admin'], ['x/farm'], []]) {
      expect(await (await as({ groups })).get('/roles')).toEqual(refused(403, 'authorization failed'));
    }
    const wrongAudience = await as({ groups: ['/farm'], aud: ['other'] });
    expect(await wrongAudience.get('/datasets?keys=dataset')).toEqual(WRONG_TOKEN);
  });

  it('have persons who are nobody else, whatever they are called', async () => {
    const [alice, root] = [await local('alice', ['user']), await local('admin', ['admin'])];
    expect(await alice.post('/users/alice/credentials', S3)).toEqual(done);
    expect(await root.post('/users/admin/credentials', S3)).toEqual(done);
    const dataset = await newDataset(alice, { group: 'users' });
    for (const sub of ['alice', 'admin']) {
      const stranger = await as({ sub, preferred_username: sub, username: sub, role: 'admin' }, 'barn');
      expect(await stranger.get('/roles')).toEqual(refused(403, 'authorization failed'));
      expect(await stranger.get(`/users/${sub}/credentials`)).toEqual(refused(403, 'unauthorized'));
      expect(await stranger.put(`/datasets/${dataset}/description`, { description: 'mine' })).toEqual(
        refused(403, 'authorization failed'),
      );
      const own = `${sub}@${at('barn').url}`;
      expect(await stranger.get(`${pathOf(own)}/credentials`)).toEqual(ok([]));
      // The exchange makes a record of the stranger, and none of the local user.
      const { json } = await stranger.post('/create_token', { exp: 60 });
      expect(decodeJwt((json as { result: string }).result)).toMatchObject({ sub: own, role: 'user', aud: ['farm'] });
      expect((await root.get(pathOf(own))).json).toMatchObject({ username: own, roles: ['user'] });
      expect((await root.get(`/users/${sub}`)).json).not.toMatchObject({ groups: ['simprod', 'users'] });
    }
    expect((await alice.get('/users/alice/credentials')).json).toMatchObject([S3]);
    // Only the operator makes a person a local user.
    const carol = await as({ sub: 'mapped', preferred_username: 'alice' }, 'barn');
    expect(await carol.get('/users/carol/credentials')).toEqual(ok([]));
    expect(await carol.get('/users/alice/credentials')).toEqual(refused(403, 'unauthorized'));
  });

  it('have different persons with the same subject', async () => {
    const { admin } = cluster();
    const [one, other] = [await as({}, 'barn'), await as({}, 'mill')];
    const [oneName, otherName] = [at('barn'), at('mill')].map(({ url }) => `5d1f@${url}`);
    expect(await one.post(`${pathOf(oneName ?? '')}/credentials`, S3)).toEqual(done);
    expect(await other.get(`${pathOf(oneName ?? '')}/credentials`)).toEqual(refused(403, 'unauthorized'));
    expect(await other.get(`${pathOf(otherName ?? '')}/credentials`)).toEqual(ok([]));

    const named = async (client: HttpClient): Promise<JsonAnswer> =>
      jsonAnswer(
        await client.send('POST', '/datasets', {
          body: JSON.stringify({ ...DATASET, group: 'users' }),
          headers: { 'idempotency-key': 'the-same' },
        }),
      );
    const locals = [await local('5d1f', ['user']), await as({ preferred_username: '5d1f' })];
    const answers = await Promise.all([one, other, one, ...locals].map(named));
    const ids = answers.map(({ json }) => (json as { result: string }).result);
    expect(answers.map(({ status }) => status)).toEqual([201, 201, 201, 201, 201]);
    expect(ids[2]).toBe(ids[0]);
    // The farm's names are local ones, so the last two are the same person.
    expect(ids[4]).toBe(ids[3]);
    expect(new Set(ids).size).toBe(3);

    const [dataset = ''] = ids;
    expect((await admin.get(`/datasets/${dataset}`)).json).toMatchObject({ username: oneName });
    expect(await other.put(`/datasets/${dataset}/description`, { description: 'x' })).toEqual(
      refused(403, 'authorization failed'),
    );
    const job_id = await newJob(admin, dataset);
    const task = await newTask(admin, dataset, { job_id });
    expect((await other.put(`/datasets/${dataset}/tasks/${task}/status`, { status: 'suspended' })).status).toBe(403);
    expect(await one.put(`/datasets/${dataset}/tasks/${task}/status`, { status: 'suspended' })).toEqual(done);
    const { json } = await admin.get(`/cairn/history/units/${task}`);
    expect((json as { events: readonly { actor: string }[] }).events.at(-1)?.actor).toBe(oneName);
  });

  it('have persons whose tokens end with their record, without others of the same name', async () => {
    const { admin } = cluster();
    const [one, other, named] = [await as({}, 'barn'), await as({}, 'mill'), await local('5d1f', ['user'])];
    const read = (client: HttpClient) => client.get('/datasets?keys=dataset');
    const { json } = await one.post('/create_token');
    const temporary = cluster().anonymous.as((json as { result: string }).result);
    for (const client of [one, other, named, temporary]) expect((await read(client)).status).toBe(200);
    const user = pathOf(`5d1f@${at('barn').url}`);
    expect(jsonAnswer(await admin.send('DELETE', user, { body: '{}' }))).toEqual(done);
    for (const client of [one, temporary]) {
      expect((await client.post('/create_token')).status).toBe(403);
      await eventually(() => read(client), WRONG_TOKEN);
    }
    expect(await admin.get(user)).toEqual(refused(404, 'User not found'));
    for (const client of [other, named]) expect((await read(client)).status).toBe(200);
    // Who is let in again needs a token that was issued later.
    await eventually(async () => (await (await as({}, 'barn')).post('/create_token')).status, 200);
    expect((await admin.get(user)).json).toMatchObject({ username: `5d1f@${at('barn').url}` });
    expect(await read(one)).toEqual(WRONG_TOKEN);
  });

  it('rotate and withdraw keys: the tokens of a withdrawn one are refused', async () => {
    const read = (client: HttpClient) => client.get('/datasets?keys=dataset');
    const old = await as({}, 'mill');
    expect((await read(old)).status).toBe(200);
    const second = await at('mill').addKey();
    const young = await as({}, 'mill');
    await eventually(async () => (await read(young)).status, 200);
    expect((await read(old)).status).toBe(200);
    at('mill').withdrawKey('external-1');
    await eventually(() => read(old), WRONG_TOKEN);
    expect((await read(young)).status).toBe(200);
    // An issuer that publishes no key at all has none that is trusted.
    at('mill').withdrawKey(second);
    await eventually(() => read(young), WRONG_TOKEN);
  });

  it('leave tokens of the shared secret bound to the configured audience', async () => {
    const { cairn, anonymous } = cluster();
    const token = await cairn.token({ username: 'dora', roles: ['user'] });
    const { json } = await anonymous.as(token).post('/create_token');
    const { result } = json as { result: string };
    expect(decodeJwt(result).aud).toEqual(['farm']);
    expect((await anonymous.as(result).get('/datasets?keys=dataset')).status).toBe(200);
    for (const audience of [undefined, 'barn']) {
      const signer = await SecretSigner.open(cairn.dataDir, audience);
      const { iat = 0, exp = 0, sub = '', ...claims } = decodeJwt(result);
      const other = anonymous.as(await signer.sign({ ...claims, ...{ iat, exp, sub, aud: audience } }));
      expect(await other.get('/datasets?keys=dataset')).toEqual(WRONG_TOKEN);
    }
  });
});
