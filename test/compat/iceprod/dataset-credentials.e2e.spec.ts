import { bytesOf } from '../../harness/bytes-of.js';
import { ISSUER_CLIENT, startTokenIssuer, type TokenIssuer } from '../../harness/token-issuer.js';
import { carriedOut } from './actions/requests.js';
import { MODES } from '../../harness/cairn-process.js';
import { done, ok } from './answers.js';
import { useTestCluster } from '../../harness/test-cluster.js';

const LOCATION = 'osdf:///icecube/wipac';
const OTHER_LOCATION = 'https://data.example';

type Credential = Readonly<Record<string, unknown>>;

const file = (path: string, movement: string) => ({
  type: 'permanent',
  movement,
  remote: LOCATION + path,
  local: 'file',
});

const task = (name: string, ...data: readonly object[]) => ({ name, data, trays: [{ modules: [{}] }] });

const configOf = (...tasks: readonly object[]) => ({ version: 3.2, description: 'd', tasks });

const CONFIG = configOf(
  task('gen', file('/sim/gcd/geo.i3', 'input'), file('/sim/$(dataset)/out_$(job).i3', 'output')),
  {
    ...task('filter', file('/sim/$(dataset)/out_$(job).i3', 'input')),
    token_scopes: { [OTHER_LOCATION]: 'storage.read:/elsewhere' },
  },
);
const READ = 'storage.modify:/sim storage.read:/sim storage.read:/sim/gcd';

/** IceProd contract 16, 19: what `submit` and `edit_config` do for the tasks of a dataset. */
describe.each(MODES)('credentials of submitted datasets ($mode)', (mode) => {
  let issuer: TokenIssuer | undefined;
  const cluster = useTestCluster(mode, async () => {
    issuer = await startTokenIssuer();
    return {
      ...{ CAIRN_AUTOMATION: 'actions', CAIRN_AUTOMATION_DELAY: '0' },
      CREDENTIALS_ISSUER_URL: issuer.url,
      CREDENTIALS_CLIENT_ID: ISSUER_CLIENT.id,
      CREDENTIALS_CLIENT_SECRET: ISSUER_CLIENT.secret,
      CREDENTIALS_ACCOUNTS: 'simprod=simulation,filtering=filter',
      CREDENTIALS_SCOPES: 'simprod=storage.read:/,simprod=storage.modify:/sim',
      TOKEN_SCOPE_PREFIXES: `${LOCATION},${OTHER_LOCATION}`,
    };
  });

  afterAll(() => issuer?.stop());

  const provider = (): TokenIssuer => {
    if (issuer === undefined) throw new Error('no issuer');
    return issuer;
  };
  const submit = (config: object, fields: object = {}) =>
    carriedOut(cluster().alice, 'submit', {
      ...{ config: JSON.stringify(config), description: 'd', jobs_submitted: 2, ...fields },
    });
  const submitted = async (config: object, fields: object = {}): Promise<string> => {
    const request = await submit(config, fields);
    expect(request).toMatchObject({ status: 'complete', error_message: '' });
    return String(request.payload['dataset_id']);
  };
  const edit = (id: string, config: object, fields: object = {}, client = cluster().alice) =>
    carriedOut(client, 'edit_config', { dataset_id: id, config: JSON.stringify(config), ...fields });
  const credentials = async (id: string): Promise<readonly Credential[]> => {
    const answer = await cluster().system.get(`/datasets/${id}/credentials?norefresh`);
    expect(answer.status).toBe(200);
    return answer.json as readonly Credential[];
  };
  const scopes = async (id: string) =>
    (await credentials(id)).map(({ transfer_prefix: place, scope }) => [place, scope]);
  /** What the issuer was asked to issue after the first `before` requests. */
  const requestedSince = (before: number) =>
    provider()
      .forms.slice(before)
      .flatMap(({ requested_subject: subject, scope }) => (subject === undefined ? [] : [[subject, scope]]));

  it('are created for the user, one for each storage location, and stored for the dataset', async () => {
    const before = provider().forms.length;
    const id = await submitted(CONFIG);
    expect(requestedSince(before)).toEqual([
      ['alice', READ],
      ['alice', 'storage.read:/elsewhere'],
    ]);
    const stored = await credentials(id);
    expect(stored).toEqual(
      [
        [LOCATION, READ],
        [OTHER_LOCATION, 'storage.read:/elsewhere'],
      ].map(([place, scope]) => ({
        ...{ dataset_id: id, url: provider().url, type: 'oauth', transfer_prefix: place, scope },
        access_token: expect.stringMatching(/^ey/) as string,
        refresh_token: expect.stringMatching(/^refresh-/) as string,
        expiration: expect.any(Number) as number,
        last_use: expect.any(Number) as number,
      })),
    );
    const [gen, filter] = CONFIG.tasks;
    expect(await cluster().alice.get(`/config/${id}`)).toEqual(
      ok({
        ...CONFIG,
        tasks: [
          { ...gen, token_scopes: { [LOCATION]: 'storage.modify:/sim storage.read:/sim/gcd' } },
          { ...filter, token_scopes: { [OTHER_LOCATION]: 'storage.read:/elsewhere', [LOCATION]: 'storage.read:/sim' } },
        ],
      }),
    );
    // Processes that run the tasks read these credentials.
    const exchange = await cluster().system.get(`/datasets/${id}/exchange?client_id=site&transfer_prefix=${LOCATION}`);
    expect(exchange).toMatchObject({ status: 200, json: [{ dataset_id: id, transfer_prefix: LOCATION }] });
  });

  it('are created for the production account of the group', async () => {
    const before = provider().forms.length;
    await submitted(CONFIG, { group: 'simprod' });
    expect(requestedSince(before).map(([subject]) => subject)).toEqual(['simulation', 'simulation']);
  });

  it('of the account are created only within the scopes of the group', async () => {
    const before = provider().forms.length;
    for (const scope of ['storage.modify:/', 'storage.modify:/simulation', 'storage.modify:/sim/../x', 'openid']) {
      const config = configOf({ ...task('gen'), token_scopes: { [LOCATION]: `storage.read:/any ${scope}` } });
      expect(await submit(config, { group: 'simprod' })).toMatchObject({
        ...{ status: 'error', error_message: `invalid_scope: group simprod may not grant ${scope}` },
      });
      expect(await submit(config, { group: 'users' })).toMatchObject({ error_message: '' });
    }
    expect(new Set(requestedSince(before).map(([subject]) => subject))).toEqual(new Set(['alice']));
  });

  it('are created for whoever edits the config, and for the account only when a member of the group does', async () => {
    const { system, bob } = cluster();
    const id = await submitted(CONFIG, { group: 'simprod' });
    const rule = { read_groups: ['users'], write_groups: ['simprod'], write_users: ['bob'] };
    expect(await system.put(`/auths/${id}`, rule)).toEqual(done);
    const before = provider().forms.length;
    const subjects = () => requestedSince(before).map(([subject]) => subject);
    const unchanged = { ...CONFIG, options: { note: 1 } };
    expect(await edit(id, unchanged)).toMatchObject({ status: 'complete' });
    expect(subjects()).toEqual([]);
    expect(await edit(id, unchanged, {}, bob)).toMatchObject({ status: 'complete', error_message: '' });
    expect(subjects()).toEqual(['bob', 'bob']);
    expect(await edit(id, unchanged)).toMatchObject({ status: 'complete' });
    expect(subjects()).toEqual(['bob', 'bob', 'simulation', 'simulation']);

    // A config that is just put makes no credentials: those of somebody else go.
    expect(await cluster().alice.put(`/config/${id}`, CONFIG)).toEqual(done);
    expect(await credentials(id)).toHaveLength(2);
    expect(await system.put(`/config/${id}`, CONFIG)).toEqual(done);
    expect(await credentials(id)).toHaveLength(2);
    expect(await bob.put(`/config/${id}`, CONFIG)).toEqual(done);
    expect(await credentials(id)).toEqual([]);
    expect(await edit(id, unchanged)).toMatchObject({ status: 'complete' });
    expect(await credentials(id)).toHaveLength(2);
  });

  it('are not created when none are needed', async () => {
    const before = provider().forms.length;
    const id = await submitted(configOf(task('gen')));
    expect(await credentials(id)).toEqual([]);
    expect(provider().forms).toHaveLength(before);
  });

  it('make the submission fail without a dataset when the issuer refuses them', async () => {
    const { alice } = cluster();
    const count = async () => Object.keys((await alice.get('/datasets?keys=dataset_id')).json as object).length;
    const before = await count();
    const refusedConfig = configOf({ ...task('gen'), token_scopes: { [LOCATION]: 'forbidden' } });
    expect(await submit(refusedConfig)).toMatchObject({
      status: 'error',
      error_message: 'invalid_scope: Invalid scopes: forbidden',
    });
    expect(await count()).toBe(before);
  });

  it('are renewed when an edit of the config changes the scopes', async () => {
    const { system } = cluster();
    const id = await submitted(CONFIG);
    const s3 = { url: 'https://s3.example', type: 's3', buckets: ['b'], access_key: 'k', secret_key: 's' };
    const ofTask = { ...s3, url: provider().url };
    expect(await system.post(`/datasets/${id}/credentials`, s3)).toEqual(done);
    expect(await system.post(`/datasets/${id}/tasks/gen/credentials`, ofTask)).toEqual(done);
    const [first] = await credentials(id);
    const before = provider().forms.length;
    expect(await edit(id, { ...CONFIG, options: { note: 1 } })).toMatchObject({ status: 'complete' });
    expect(provider().forms).toHaveLength(before);
    expect((await credentials(id))[0]).toEqual(first);

    const [gen, filter] = CONFIG.tasks;
    const moved = configOf({ ...gen, data: [file('/new/place/x', 'both')] }, { ...filter, data: [], token_scopes: {} });
    expect(await edit(id, moved)).toMatchObject({ status: 'complete' });
    expect(requestedSince(before)).toEqual([['alice', 'storage.modify:/new/place']]);
    expect(await scopes(id)).toEqual([
      ['', undefined],
      [LOCATION, 'storage.modify:/new/place'],
      ['', undefined],
    ]);
  });

  it('leave config, tasks and credentials unchanged when the issuer refuses them', async () => {
    const { alice } = cluster();
    const id = await submitted(configOf({ ...task('gen', file('/a/x', 'input')), requirements: { memory: 1 } }));
    await carriedOut(alice, 'materialization', { dataset_id: id });
    const before = [await credentials(id), (await alice.get(`/config/${id}`)).json];
    const refusedConfig = configOf({
      ...task('gen'),
      requirements: { memory: 9 },
      token_scopes: { [LOCATION]: 'forbidden' },
    });
    expect(await edit(id, refusedConfig, { description: 'new' })).toMatchObject({
      status: 'error',
      error_message: 'invalid_scope: Invalid scopes: forbidden',
    });
    expect([await credentials(id), (await alice.get(`/config/${id}`)).json]).toEqual(before);
    const tasks = Object.values((await alice.get(`/datasets/${id}/tasks?keys=requirements`)).json as object);
    expect(tasks).toMatchObject([{ requirements: { memory: 1 } }, { requirements: { memory: 1 } }]);
    expect((await alice.get(`/datasets/${id}`)).json).toMatchObject({ description: 'd' });
  });

  it('are in no event, no stored reply and no log', async () => {
    const id = await submitted(CONFIG);
    const { cairn } = cluster();
    const written = `${await bytesOf(cairn.dataDir)}\n${cairn.output()}`;
    expect(written).toContain('CredentialStored');
    for (const { access_token: access, refresh_token: refresh } of await credentials(id)) {
      for (const secret of [access, refresh]) expect(written).not.toContain(secret);
    }
    expect(written).not.toContain(ISSUER_CLIENT.secret);
  });
});
