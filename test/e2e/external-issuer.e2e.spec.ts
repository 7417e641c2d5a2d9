import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import { MODES } from '../harness/cairn-process.js';
import { type HttpClient } from '../harness/http-client.js';
import { refused } from '../compat/iceprod/answers.js';
import { useTestCluster } from '../harness/test-cluster.js';
import { newDataset } from '../compat/iceprod/fixtures.js';

const pair = await generateKeyPair('RS512', { extractable: true });
const CLAIMS = {
  roles: [
    { name: 'user', claim: 'groups', pattern: '/farm(/.*)?' },
    { name: 'system', claim: 'resource_access.farm.roles', pattern: 'service' },
  ],
  groups: [{ name: 'simprod', claim: 'groups', pattern: '/farm/production' }],
};

/** A site with its own OpenID provider, whose users are Cairn's, and its own claims. */
describe.each(MODES)('an external token issuer ($mode)', (mode) => {
  let server: Server | undefined;
  let issuer = '';

  const cluster = useTestCluster(mode, async () => {
    const keys = [{ ...(await exportJWK(pair.publicKey)), kid: 'farm', use: 'sig', alg: 'RS512' }];
    server = createServer(({ url }, response) => {
      response.end(JSON.stringify(url === '/certs' ? { keys } : { issuer, jwks_uri: `${issuer}/certs` }));
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    return {
      OIDC_ISSUERS: issuer,
      OIDC_AUDIENCE: 'farm',
      OIDC_CLAIMS: JSON.stringify(CLAIMS),
      OIDC_LOCAL_NAMES: issuer,
    };
  });

  afterAll(() => {
    server?.close();
  });

  const as = async (claims: object): Promise<HttpClient> => {
    const token = await new SignJWT({ sub: '5d1f', preferred_username: 'pingu', aud: 'farm', ...claims })
      .setProtectedHeader({ alg: 'RS512', kid: 'farm' })
      .setIssuer(issuer)
      .setIssuedAt()
      .setExpirationTime('1h')
      .sign(pair.privateKey);
    return cluster().anonymous.as(token);
  };

  it('has its claims mapped as configured', async () => {
    const pingu = await as({ groups: ['/farm/production'] });
    const id = await newDataset(pingu);
    expect((await pingu.get(`/datasets/${id}`)).json).toMatchObject({ username: 'pingu', group: 'simprod' });
    expect(await pingu.get('/users')).toEqual(refused(403, 'authorization failed'));
    const service = await as({ resource_access: { farm: { roles: ['service'] } } });
    expect((await service.get('/users')).json).toMatchObject({ results: [{ username: 'pingu' }] });
  });

  it('grants nothing for unmapped claims or another audience', async () => {
    for (const groups of [['/tokens/IceProdAdmins', '/institutions/IceCube/UW'], ['admin'], ['x/farm'], []]) {
      expect(await (await as({ groups })).get('/roles')).toEqual(refused(403, 'authorization failed'));
    }
    const wrongAudience = await as({ groups: ['/farm'], aud: ['other'] });
    expect(await wrongAudience.get('/datasets?keys=dataset')).toEqual(refused(403, 'authentication failed'));
  });
});
