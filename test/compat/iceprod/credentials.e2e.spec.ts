import { bytesOf } from '../../harness/bytes-of.js';
import { ISSUER_CLIENT, startTokenIssuer, type TokenIssuer, tokenWith } from '../../harness/token-issuer.js';
import { MODES } from '../../harness/cairn-process.js';
import { jsonAnswer } from '../../harness/http-client.js';
import { done, ok, refused } from './answers.js';
import { TIMESTAMP } from './fixtures.js';
import { useTestCluster } from '../../harness/test-cluster.js';

const S3 = { url: 'https://s3.example', type: 's3', buckets: ['b'], access_key: 'key', secret_key: 'hush-s3' };
const S3_SHOWN = { ...S3, transfer_prefix: '' };
/** Where tokens of the configured issuer are used. */
const HERE = 'https://data.example/storage/u';
const THERE = 'https://data.example/storage/v';
const PAST = 1_700_000_000;
const FUTURE = 4_000_000_000;

/** IceProd contract 19. */
describe.each(MODES)('IceProd credentials ($mode)', (mode) => {
  let issuer: TokenIssuer | undefined;
  const cluster = useTestCluster(mode, async () => {
    issuer = await startTokenIssuer();
    return {
      CREDENTIALS_ISSUER_URL: issuer.url,
      CREDENTIALS_CLIENT_ID: ISSUER_CLIENT.id,
      CREDENTIALS_CLIENT_SECRET: ISSUER_CLIENT.secret,
      CREDENTIALS_URLS: 'https://data.example/storage',
    };
  });

  afterAll(() => issuer?.stop());

  const provider = (): TokenIssuer => {
    if (issuer === undefined) throw new Error('no issuer');
    return issuer;
  };
  const drop = async (path: string, body: object = {}) =>
    jsonAnswer(await cluster().admin.send('DELETE', path, { body: JSON.stringify(body) }));
  const listed = async (path: string): Promise<readonly Readonly<Record<string, unknown>>[]> => {
    const answer = await cluster().admin.get(path);
    expect(answer.status).toBe(200);
    return answer.json as readonly Readonly<Record<string, unknown>>[];
  };

  it('can be stored, listed, replaced, changed and deleted by their owner', async () => {
    const { alice } = cluster();
    const path = '/users/alice/credentials';
    expect(await alice.get(path)).toEqual(ok([]));
    expect(await alice.post(path, S3)).toEqual(done);
    expect(await alice.get(path)).toEqual(ok([{ username: 'alice', ...S3_SHOWN }]));
    expect(await alice.post(path, { ...S3, access_key: 'new' })).toEqual(done);
    expect(await alice.post(path, { ...S3, transfer_prefix: 'osdf' })).toEqual(done);
    expect(await alice.get(path)).toEqual(
      ok([
        { username: 'alice', ...S3_SHOWN, access_key: 'new' },
        { username: 'alice', ...S3, transfer_prefix: 'osdf' },
      ]),
    );
    expect(await alice.get(`${path}?transfer_prefix=osdf`)).toMatchObject({ json: [{ transfer_prefix: 'osdf' }] });
    expect(await alice.get(`${path}?url=other`)).toEqual(ok([]));
    const change = { url: S3.url, type: 's3', transfer_prefix: 'osdf', buckets: ['c', 'd'], access_key: '' };
    expect(await alice.patch(path, change)).toEqual(done);
    expect(await listed(`${path}?transfer_prefix=osdf`)).toMatchObject([{ buckets: ['c', 'd'], access_key: 'key' }]);
    expect(await alice.patch(path, { url: 'other', type: 's3' })).toEqual(refused(404, 'credential not found'));
    expect(await drop(path, { transfer_prefix: 'osdf' })).toEqual(done);
    expect(await listed(path)).toHaveLength(1);
    expect(await drop(path)).toEqual(done);
    expect(await drop(path)).toEqual(done);
    expect(await listed(path)).toEqual([]);
  });

  it.each([
    ['a user', '/users/grace/credentials'],
    ['a group', '/groups/grace/credentials'],
    ['a dataset', '/datasets/grace/credentials'],
    ['the tasks of a name', '/datasets/grace/tasks/generate/credentials'],
  ])('of %s keep the last_use that a client sends until their next use', async (_, path) => {
    const { system } = cluster();
    const oauth = { url: 'u', type: 'oauth', access_token: 'opaque' };
    const lastUse = async (): Promise<unknown> => (await listed(`${path}?url=u&norefresh=true`))[0]?.['last_use'];
    expect(await system.post(path, { ...oauth, last_use: 1234567890.25 })).toEqual(done);
    expect(await lastUse()).toBe(1234567890.25);
    expect(await system.patch(path, { url: 'u', type: 'oauth', last_use: 1234567891 })).toEqual(done);
    expect(await lastUse()).toBe(1234567891);
    expect(await system.post(path, { ...oauth, last_use: 'yesterday' })).toEqual(
      refused(400, 'key "last_use" should be of type float'),
    );
    await listed(`${path}?url=u`);
    expect(await lastUse()).toBeGreaterThan(1234567891);
  });

  it('keep their position in the list when they are overwritten', async () => {
    const { admin } = cluster();
    const path = '/users/heidi/credentials';
    const urls = async () => (await listed(path)).map(({ url }) => url);
    for (const url of ['a', 'b', 'c']) expect(await admin.post(path, { ...S3, url })).toEqual(done);
    expect(await admin.post(path, { ...S3, url: 'a', access_key: 'new' })).toEqual(done);
    expect(await admin.patch(path, { url: 'b', type: 's3', access_key: 'new' })).toEqual(done);
    expect(await admin.post(path, { ...S3, url: 'a', access_key: 'newer' })).toEqual(done);
    expect(await urls()).toEqual(['a', 'b', 'c']);
    expect(await drop(path, { url: 'a' })).toEqual(done);
    expect(await admin.post(path, { ...S3, url: 'a' })).toEqual(done);
    expect(await urls()).toEqual(['b', 'c', 'a']);
  });

  it('can belong to groups with slashes in their names, percent-encoded or not', async () => {
    const { alice, admin } = cluster();
    expect(await alice.post('/groups/simprod/credentials', S3)).toEqual(done);
    expect(await alice.get('/groups/simprod/credentials')).toEqual(ok([{ groupname: 'simprod', ...S3_SHOWN }]));
    expect(await admin.post('/groups//tokens/IceProdAdmins/credentials', S3)).toEqual(done);
    const shown = ok([{ groupname: '/tokens/IceProdAdmins', ...S3_SHOWN }]);
    expect(await admin.get('/groups/%2Ftokens%2FIceProdAdmins/credentials?url=https://s3.example')).toEqual(shown);
    expect(await admin.get('/groups//tokens/IceProdAdmins/credentials')).toEqual(shown);
    expect(await admin.get('/groups/tokens/IceProdAdmins/credentials')).toEqual(ok([]));
    expect(await admin.get('/groups//tokens/IceProdAdmins/exchange?client_id=x')).toEqual(ok([]));
    expect((await admin.put('/groups/a/b/credentials', {})).status).toBe(405);
    expect((await admin.send('DELETE', '/groups/a/exchange')).status).toBe(405);
    expect((await admin.get('/groups/credentials')).json).toEqual({ code: 404, error: 'Group not found' });
  });

  it('can belong to datasets and to task names in them', async () => {
    const { system, alice } = cluster();
    expect(await system.post('/datasets/d/credentials', S3)).toEqual(done);
    expect(await system.post('/datasets/d/tasks/generate/credentials', S3)).toEqual(done);
    expect(await system.post('/datasets/d2/credentials', S3)).toEqual(done);
    const ofTask = { dataset_id: 'd', task_name: 'generate', ...S3_SHOWN };
    expect(await system.get('/datasets/d/credentials')).toEqual(ok([{ dataset_id: 'd', ...S3_SHOWN }, ofTask]));
    expect(await system.get('/datasets/d/tasks/generate/credentials')).toEqual(ok([ofTask]));
    expect(await drop('/datasets/d/credentials')).toEqual(done);
    expect(await system.get('/datasets/d/credentials')).toEqual(ok([ofTask]));
    expect(await alice.get('/datasets/d/credentials')).toEqual(refused(403, 'authorization failed'));
  });

  it('are refused to everybody but their owner on every route', async () => {
    const { alice, bob, pilot } = cluster();
    const unauthorized = refused(403, 'unauthorized');
    for (const path of ['/users/alice/credentials', '/groups/simprod/credentials', '/groups/a/b/credentials']) {
      expect(await bob.get(path)).toEqual(unauthorized);
      expect(await bob.post(path, '[')).toEqual(unauthorized);
      expect(await bob.patch(path)).toEqual(unauthorized);
      expect(jsonAnswer(await bob.send('DELETE', path))).toEqual(unauthorized);
      expect(await bob.get(path.replace(/credentials$/, 'exchange'))).toEqual(unauthorized);
    }
    const request = { username: 'alice', scope: 's', url: 'u', transfer_prefix: '' };
    expect(await bob.post('/create', request)).toEqual(unauthorized);
    expect(await alice.post('/create', {})).toEqual(refused(400, 'missing key: username'));
    expect(await pilot.get('/users/alice/credentials')).toEqual(refused(403, 'authorization failed'));
  });

  it.each([
    ['no type', { url: 'u' }],
    ['no url', { type: 's3' }],
    ['another type', { url: 'u', type: 'ftp' }],
    ['an unknown key', { ...S3, color: 'red' }],
    ['no buckets', { ...S3, buckets: [] }],
    ['no secret', { url: 'u', type: 's3', buckets: ['b'], access_key: 'k' }],
    ['no token', { url: 'u', type: 'oauth' }],
  ])('are refused with %s', async (_, body) => {
    expect((await cluster().alice.post('/users/alice/credentials', body)).status).toBe(400);
  });

  it('of type OAuth take expiration and scope from the token and are refreshed after it expires', async () => {
    const { admin } = cluster();
    const path = '/users/carol/credentials';
    const fresh = tokenWith({ exp: FUTURE, scope: 'storage.read:/' });
    expect(await admin.post(path, { url: HERE, type: 'oauth', access_token: fresh })).toEqual(done);
    expect(await listed(path)).toEqual([
      {
        username: 'carol',
        url: HERE,
        type: 'oauth',
        transfer_prefix: '',
        access_token: fresh,
        scope: 'storage.read:/',
        expiration: FUTURE,
        last_use: expect.any(Number) as number,
      },
    ]);
    const ended = { url: THERE, type: 'oauth', access_token: 'opaque', expiration: PAST, scope: 's' };
    expect(await admin.post(path, { ...ended, refresh_token: provider().grant('carol') })).toEqual(done);
    const before = provider().forms.length;
    expect(await listed(`${path}?url=${THERE}&norefresh`)).toMatchObject([
      { access_token: 'opaque', expiration: PAST },
    ]);
    expect(provider().forms).toHaveLength(before);
    const answers = await Promise.all([listed(`${path}?url=${THERE}`), listed(`${path}?url=${THERE}`)]);
    const [[one], [other]] = answers;
    expect(one?.['access_token']).toBe(other?.['access_token']);
    expect(provider().forms.slice(before)).toMatchObject([{ grant_type: 'refresh_token', scope: 's' }]);
    const [refreshed] = answers[0];
    expect(refreshed?.['access_token']).not.toBe('opaque');
    expect(Number(refreshed?.['expiration'])).toBeGreaterThan(Date.now() / 1000);
    // The issuer does not know this refresh token, so the stored credential stays unchanged.
    expect(await admin.post(path, { ...ended, refresh_token: 'refresh-9d1c7' })).toEqual(done);
    expect(await listed(`${path}?url=${THERE}`)).toMatchObject([
      { access_token: 'opaque', refresh_token: 'refresh-9d1c7' },
    ]);
  });

  it('with only a refresh token get an access token at once or are refused', async () => {
    const { admin } = cluster();
    const path = '/users/dave/credentials';
    const refresh_token = provider().grant('dave');
    expect(await admin.post(path, { url: HERE, type: 'oauth', refresh_token })).toEqual(done);
    const [shown] = await listed(`${path}?norefresh=`);
    expect(shown?.['access_token']).toMatch(/^ey/);
    expect(shown?.['refresh_token']).not.toBe(refresh_token);
    expect(await admin.post(path, { url: HERE, type: 'oauth', refresh_token })).toEqual(refused(400, 'invalid_grant'));
    const foreign = tokenWith({ iss: 'https://elsewhere.example' });
    const before = provider().forms.length;
    const refuse = async (url: string, token: string): Promise<void> => {
      expect(await admin.post(path, { url, type: 'oauth', refresh_token: token })).toEqual(
        refused(400, 'the token is of an issuer that is not configured'),
      );
    };
    await refuse(HERE, foreign);
    // Nobody knows whose an opaque token is when it is used elsewhere.
    for (const url of ['u', 'https://data.example.org/u', 'http://data.example/u', `${HERE}/../../x`]) {
      await refuse(url, 'opaque of another issuer');
    }
    expect(provider().forms).toHaveLength(before);
  });

  it('show in /healthz when they were last refreshed, with and without success', async () => {
    const { admin, anonymous } = cluster();
    const health = async () => (await anonymous.get('/healthz')).json as Readonly<Record<string, string>>;
    const body = { url: HERE, type: 'oauth' };
    const path = '/users/ivan/credentials';
    expect(await admin.post(path, { ...body, refresh_token: provider().grant('ivan') })).toEqual(done);
    const successful = await health();
    expect(successful['start_time']).toMatch(TIMESTAMP);
    expect(successful['last_run_time']).toMatch(TIMESTAMP);
    expect(successful['last_success_time']).toMatch(TIMESTAMP);
    expect((await admin.post(path, { ...body, refresh_token: 'unknown' })).status).toBe(400);
    const failed = await health();
    expect(String(failed['last_run_time']) > String(successful['last_run_time'])).toBe(true);
    expect(failed['last_success_time']).toBe(successful['last_success_time']);
  });

  it('are exchanged for another client, omitting those whose exchange fails', async () => {
    const { admin } = cluster();
    const path = '/users/erin/credentials';
    const oauth = { url: HERE, type: 'oauth', transfer_prefix: 'p', scope: 's' };
    expect(await admin.post(path, { ...oauth, refresh_token: provider().grant('erin') })).toEqual(done);
    expect(await admin.post(path, { ...oauth, url: THERE, access_token: 'unknown' })).toEqual(done);
    expect(await admin.post(path, S3)).toEqual(done);
    const [stored] = await listed(`${path}?url=${HERE}&norefresh`);
    expect(await admin.get('/users/erin/exchange')).toEqual(refused(400, 'missing client_id'));
    const exchanged = await listed('/users/erin/exchange?client_id=other&new_scope=t');
    expect(exchanged).toMatchObject([{ username: 'erin', ...oauth, scope: 't' }]);
    expect(exchanged[0]?.['access_token']).not.toBe(stored?.['access_token']);
    const form = provider().forms.find(({ subject_token }) => subject_token === stored?.['access_token']);
    expect(form).toMatchObject({
      grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
      subject_token_type: 'urn:ietf:params:oauth:token-type:access_token',
      audience: 'other',
      scope: 't',
    });
    expect(await listed(`${path}?url=${HERE}&norefresh`)).toMatchObject([{ access_token: stored?.['access_token'] }]);
    expect(await drop(path)).toEqual(done);
    expect(await admin.post(path, { ...oauth, url: 'https://elsewhere.example', access_token: 'theirs' })).toEqual(
      done,
    );
    expect(await listed('/users/erin/exchange?client_id=other')).toEqual([]);
    expect(provider().forms.filter(({ subject_token }) => subject_token === 'theirs')).toEqual([]);
  });

  it('can be created for a user without being stored', async () => {
    const { alice } = cluster();
    const request = {
      username: 'alice',
      scope: 'storage.read:/',
      url: 'https://data.example',
      transfer_prefix: 'osdf',
    };
    const answer = await alice.post('/create', request);
    expect(answer).toEqual(
      ok({
        url: 'https://data.example',
        type: 'oauth',
        transfer_prefix: 'osdf',
        scope: 'storage.read:/',
        access_token: expect.stringMatching(/^ey/) as string,
        refresh_token: expect.stringMatching(/^refresh-/) as string,
        expiration: expect.any(Number) as number,
      }),
    );
    expect(provider().forms.at(-1)).toMatchObject({ requested_subject: 'alice' });
    expect(await alice.get('/users/alice/credentials?url=https://data.example')).toEqual(ok([]));
    expect(await alice.post('/create', { ...request, scope: 'forbidden' })).toEqual(
      refused(400, 'invalid_scope: Invalid scopes: forbidden'),
    );
  });

  it('survive a restart, and no secret is in files or logs', async () => {
    const { admin, cairn } = cluster();
    const path = '/users/frank/credentials';
    expect(await admin.post(path, S3)).toEqual(done);
    await cairn.restart({ signal: 'SIGKILL' });
    expect(await listed(path)).toEqual([{ username: 'frank', ...S3_SHOWN }]);
    const written = `${await bytesOf(cairn.dataDir)}\n${cairn.output()}`;
    expect(written).toContain('CredentialStored');
    for (const secret of ['hush-s3', ISSUER_CLIENT.secret, 'refresh-1', 'refresh-9d1c7']) {
      expect(written).not.toContain(secret);
    }
  });
});
