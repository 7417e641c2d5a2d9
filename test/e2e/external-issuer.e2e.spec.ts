import { MODES } from '../harness/cairn-process.js';
import { type HttpClient } from '../harness/http-client.js';
import { refused } from '../compat/iceprod/answers.js';
import { type OpenIdIssuer, startOpenIdIssuer } from '../harness/openid-issuer.js';
import { useTestCluster } from '../harness/test-cluster.js';
import { newDataset } from '../compat/iceprod/fixtures.js';

const CLAIMS = {
  roles: [
    { name: 'user', claim: 'groups', pattern: '/farm(/.*)?' },
    { name: 'system', claim: 'resource_access.farm.roles', pattern: 'service' },
  ],
  groups: [{ name: 'simprod', claim: 'groups', pattern: '/farm/production' }],
};

/** A site with its own OpenID provider, whose users are Cairn's, and its own claims. */
describe.each(MODES)('an external token issuer ($mode)', (mode) => {
  let issuer: OpenIdIssuer | undefined;

  const cluster = useTestCluster(mode, async () => {
    issuer = await startOpenIdIssuer();
    return {
      OIDC_ISSUERS: issuer.url,
      OIDC_AUDIENCE: 'farm',
      OIDC_CLAIMS: JSON.stringify(CLAIMS),
      OIDC_LOCAL_NAMES: issuer.url,
    };
  });

  afterAll(() => issuer?.stop());

  const as = async (claims: object): Promise<HttpClient> => {
    const token = await issuer?.sign({ sub: '5d1f', preferred_username: 'pingu', aud: 'farm', ...claims });
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
