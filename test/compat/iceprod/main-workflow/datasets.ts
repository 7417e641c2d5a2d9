import { datasetDocument, readDataset, without } from '../documents.js';
import { type HttpClient, type JsonAnswer } from '../../../harness/http-client.js';
import { created, done, isRefusal, ok, refused } from '../answers.js';
import { type GetTestCluster } from '../../../harness/test-cluster.js';
import { DATASET, ID, newDataset } from '../fixtures.js';

const statusOf = async (client: HttpClient, id: string): Promise<unknown> => (await readDataset(client, id))['status'];

/** IceProd contract 2.3, 4, 13 (GET /users). */
export const datasets = (cluster: GetTestCluster): void => {
  describe('submitting a dataset', () => {
    it('answers the id and stores the document with its defaults', async () => {
      const { alice } = cluster();
      const answer = await alice.send('POST', '/datasets', { body: JSON.stringify(DATASET) });
      const { result: id } = JSON.parse(answer.text) as { result: string };
      expect(id).toMatch(ID);
      expect({ ...answer, headers: answer.headers['location'] }).toEqual({
        status: 201,
        reason: 'Created',
        headers: `/datasets/${id}`,
        text: JSON.stringify({ result: id }),
      });
      expect(await readDataset(alice, id)).toEqual(datasetDocument({ dataset_id: id }));
    });

    it('stores the optional fields', async () => {
      const { system, bob } = cluster();
      const chosen = {
        username: 'bob',
        status: 'suspended',
        priority: 1,
        debug: true,
        jobs_immutable: true,
        always_active: true,
      };
      const id = await newDataset(system, chosen);
      expect(await readDataset(bob, id)).toMatchObject(chosen);
    });

    it('replaces the username sent by a plain user', async () => {
      const { alice } = cluster();
      expect(await readDataset(alice, await newDataset(alice, { username: 'somebody else' }))).toMatchObject({
        username: 'alice',
      });
    });

    it.each(['description', 'jobs_submitted', 'tasks_submitted', 'tasks_per_job', 'group'] as const)(
      'requires %s',
      async (key) => {
        expect(await cluster().alice.post('/datasets', without(DATASET, key))).toEqual(
          refused(400, `missing key: ${key}`),
        );
      },
    );

    it('names the first missing key', async () => {
      expect(await cluster().alice.post('/datasets', { jobs_submitted: 1 })).toEqual(
        refused(400, 'missing key: description'),
      );
    });

    it.each([
      [{ description: 7 }, 'key "description" should be of type str'],
      [{ jobs_submitted: '10' }, 'key "jobs_submitted" should be of type int'],
      [{ jobs_submitted: 1.5 }, 'key "jobs_submitted" should be of type int'],
      [{ jobs_submitted: true }, 'key "jobs_submitted" should be of type int'],
      [{ group: null }, 'key "group" should be of type str'],
    ])('refuses %j', async (fields, reason) => {
      expect(await cluster().alice.post('/datasets', { ...DATASET, ...fields })).toEqual(refused(400, reason));
    });

    it.each([
      [{ priority: 'high' }],
      [{ debug: 1 }],
      [{ auth_groups_read: 'users' }],
      [{ auth_groups_read: [7] }],
      [{ auth_groups_read: ['no such group'] }],
      [{ jobs_submitted: 0, tasks_submitted: 0, tasks_per_job: 0 }],
      [{ tasks_submitted: 31 }],
      [{ jobs_submitted: 0, tasks_submitted: 30 }],
      [{ group: 'no such group' }],
    ])('refuses %j with a reason', async (fields) => {
      const answer = await cluster().alice.post('/datasets', { ...DATASET, ...fields });
      expect({ ...answer, isRefusal: isRefusal(answer, 400) }).toMatchObject({ isRefusal: true });
    });

    it('refuses unknown keys and unknown statuses', async () => {
      expect(await cluster().alice.post('/datasets', { ...DATASET, truncated: true })).toEqual(
        refused(400, 'invalid keys found'),
      );
      expect(await cluster().alice.post('/datasets', { ...DATASET, status: 'melted' })).toEqual(
        refused(400, 'unknown status'),
      );
    });

    it('is for members of the group only, within the range of priorities, and within quotas', async () => {
      const { alice, bob, admin, system, anonymous, cairn } = cluster();
      const foreign = refused(400, 'not a member of selected group');
      expect(await bob.post('/datasets', DATASET)).toEqual(foreign);
      expect(await alice.post('/datasets', { ...DATASET, group: 'admin' })).toEqual(foreign);
      for (const client of [admin, system]) expect((await client.post('/datasets', DATASET)).status).toBe(201);

      const tooMuch = refused(400, 'priority must be from 0 to 1');
      const own = await newDataset(alice);
      for (const priority of [1.01, 1e308, -1]) {
        expect(await alice.post('/datasets', { ...DATASET, priority })).toEqual(tooMuch);
        expect(await alice.put(`/datasets/${own}/priority`, { priority })).toEqual(tooMuch);
        expect(await bob.put(`/datasets/${own}/priority`, { priority })).toEqual(refused(403, 'authorization failed'));
        expect(await system.put(`/datasets/${own}/priority`, { priority })).toEqual(done);
      }

      // A dataset of 100,000 jobs is normal; nobody else has any of this user's.
      const frank = anonymous.as(await cairn.token({ username: 'frank', roles: ['user'] }));
      const sized = (jobs: number) => ({
        jobs_submitted: jobs,
        tasks_submitted: jobs,
        tasks_per_job: 1,
        group: 'users',
      });
      expect(await frank.post('/datasets', { ...DATASET, ...sized(9e15) })).toMatchObject({
        ...{
          status: 400,
          reason: expect.stringMatching(/^quota of user frank exceeded: at most 5000000 jobs/) as string,
        },
      });
      const id = await newDataset(frank, sized(100_000));
      const quota =
        'quota of user frank exceeded: at most 5000000 jobs may be open; 100000 there, 4900001 more asked for';
      expect(await frank.put(`/datasets/${id}/jobs_submitted`, { jobs_submitted: 5_000_001 })).toEqual(
        refused(400, quota),
      );
    });

    it('numbers datasets consecutively, and a refusal uses no number', async () => {
      const { admin } = cluster();
      const number = async (): Promise<number> =>
        (await readDataset(admin, await newDataset(admin)))['dataset'] as number;
      const first = await number();
      await admin.post('/datasets', { ...DATASET, group: 'no such group' });
      expect(await number()).toBe(first + 1);
    });

    it('creates one user record for the caller', async () => {
      const { cairn, anonymous, admin } = cluster();
      const carol = anonymous.as(await cairn.token({ username: 'carol', roles: ['user'] }));
      expect(await admin.get('/users?username=carol')).toEqual(ok({ results: [] }));
      await newDataset(carol, { group: 'users' });
      await newDataset(carol, { group: 'users' });
      const { json } = await admin.get('/users?username=carol');
      expect(json).toEqual({
        results: [expect.objectContaining({ username: 'carol', priority: 0.5, user_id: expect.any(String) as string })],
      });
    });
  });

  describe('listing datasets', () => {
    it('filters datasets and selects keys', async () => {
      const { admin } = cluster();
      const a = await newDataset(admin, { username: 'lister', status: 'errors' });
      const b = await newDataset(admin, { username: 'lister', group: 'filtering' });
      const list = (query: string): Promise<JsonAnswer> => admin.get(`/datasets?keys=dataset_id&users=lister${query}`);
      expect(await list('')).toEqual(ok({ [a]: { dataset_id: a }, [b]: { dataset_id: b } }));
      expect(Object.keys((await list('')).json as object)).toEqual([a, b]);
      expect(await list('&status=errors')).toEqual(ok({ [a]: { dataset_id: a } }));
      expect(await list('&groups=filtering|users')).toEqual(ok({ [b]: { dataset_id: b } }));
      expect(await list('&status=complete')).toEqual(ok({}));
      expect(await admin.get('/datasets?users=lister&status=errors&keys=username|nope')).toEqual(
        ok({ [a]: { dataset_id: a, username: 'lister' } }),
      );
      expect(await admin.get('/datasets?status=melted')).toEqual(refused(400, 'unknown status'));
      expect(await admin.get('/datasets?status=errors|')).toEqual(refused(400, 'unknown status'));
    });

    it('filters by the truncated flag', async () => {
      const { admin } = cluster();
      const id = await newDataset(admin, { username: 'truncator' });
      await newDataset(admin, { username: 'truncator' });
      expect(await admin.post(`/datasets/${id}/dataset_actions/truncate`)).toEqual(done);
      expect(await admin.get('/datasets?users=truncator&keys=truncated&status=truncated')).toEqual(
        ok({ [id]: { dataset_id: id, truncated: true } }),
      );
    });

    it('omits datasets that the caller may not read', async () => {
      const { admin, alice, bob } = cluster();
      const hidden = await newDataset(alice, { auth_groups_read: [] });
      const open = await newDataset(alice);
      const ids = async (client: HttpClient): Promise<readonly string[]> =>
        Object.keys((await client.get('/datasets?keys=dataset_id')).json as object);
      expect(await ids(bob)).toContain(open);
      expect(await ids(bob)).not.toContain(hidden);
      expect(await ids(alice)).toContain(hidden);
      expect(await ids(admin)).toContain(hidden);
      const summary = async (client: HttpClient): Promise<readonly string[]> =>
        Object.values((await client.get('/dataset_summaries/status')).json as Record<string, readonly string[]>).flat();
      expect(await summary(bob)).toContain(open);
      expect(await summary(bob)).not.toContain(hidden);
      expect(await summary(alice)).toContain(hidden);
    });

    it('returns a summary by status', async () => {
      const { admin } = cluster();
      const id = await newDataset(admin, { status: 'complete' });
      const { status, json } = await admin.get('/dataset_summaries/status');
      expect(status).toBe(200);
      expect((json as Record<string, readonly string[]>)['complete']).toContain(id);
      for (const ids of Object.values(json as Record<string, readonly string[]>)) expect(ids).not.toEqual([]);
    });
  });

  describe('changing a dataset', () => {
    const words = ['processing', 'suspended', 'errors', 'complete'] as const;
    const allowed: Readonly<Record<string, readonly string[]>> = {
      processing: ['suspended', 'errors', 'complete'],
      suspended: ['processing'],
      errors: ['processing', 'suspended'],
      complete: [],
    };

    it.each(words)('allows only the legal transitions from %s', async (from) => {
      const { alice } = cluster();
      for (const to of words) {
        const id = await newDataset(alice, { status: from });
        const moves = from === to || allowed[from]?.includes(to) === true;
        expect([to, await alice.put(`/datasets/${id}/status`, { status: to })]).toEqual([
          to,
          moves ? done : refused(400, 'Bad state transition for status'),
        ]);
        expect(await statusOf(alice, id)).toBe(moves ? to : from);
      }
    });

    it('refuses unknown statuses', async () => {
      const { alice } = cluster();
      const id = await newDataset(alice);
      expect(await alice.put(`/datasets/${id}/status`, {})).toEqual(refused(400, 'missing status'));
      for (const status of ['melted', 7, null]) {
        expect(await alice.put(`/datasets/${id}/status`, { status })).toEqual(refused(400, 'bad status'));
      }
    });

    it('sets description and priority', async () => {
      const { alice, system } = cluster();
      const id = await newDataset(alice);
      expect(await alice.put(`/datasets/${id}/description`, { description: 'tau' })).toEqual(done);
      expect(await alice.put(`/datasets/${id}/priority`, { priority: 1 })).toEqual(done);
      expect(await readDataset(alice, id)).toMatchObject({ description: 'tau', priority: 1 });
      for (const [field, body] of [
        ['description', {}],
        ['description', { description: 1 }],
        ['priority', { priority: '1' }],
        ['jobs_submitted', {}],
        ['jobs_submitted', { jobs_submitted: 'many' }],
        ['jobs_submitted', { jobs_submitted: 12.5 }],
      ] as const) {
        const answer = await alice.put(`/datasets/${id}/${field}`, body);
        expect({ field, ...answer, isRefusal: isRefusal(answer, 400) }).toMatchObject({ isRefusal: true });
      }
      expect(await alice.put(`/datasets/${id}/priority`, {})).toEqual(refused(400, 'missing priority'));
      for (const [field, body] of [
        ['status', { status: 'errors' }],
        ['description', { description: 'x' }],
        ['priority', { priority: 1 }],
        ['jobs_submitted', { jobs_submitted: 1 }],
      ] as const) {
        expect(await system.put(`/datasets/nope/${field}`, body)).toEqual(refused(404, 'Dataset not found'));
      }
    });

    it('raises the number of jobs and with it that of tasks', async () => {
      const { alice } = cluster();
      const id = await newDataset(alice);
      expect(await alice.put(`/datasets/${id}/jobs_submitted`, { jobs_submitted: '12' })).toEqual(done);
      expect(await readDataset(alice, id)).toMatchObject({
        jobs_submitted: 12,
        tasks_submitted: 36,
        status: 'processing',
      });
      expect(await alice.put(`/datasets/${id}/jobs_submitted`, { jobs_submitted: 12 })).toEqual(done);
      expect((await alice.put(`/datasets/${id}/jobs_submitted`, { jobs_submitted: 11 })).status).toBe(400);
      const fixed = await newDataset(alice, { jobs_immutable: true });
      expect((await alice.put(`/datasets/${fixed}/jobs_submitted`, { jobs_submitted: 20 })).status).toBe(400);
    });

    it('hard-resets and truncates', async () => {
      const { alice, system } = cluster();
      const id = await newDataset(alice, { status: 'complete' });
      const truncate = `/datasets/${id}/dataset_actions/truncate`;
      expect(await alice.post(truncate)).toEqual(refused(400, 'Cannot truncate complete dataset'));
      expect(await alice.post(`/datasets/${id}/dataset_actions/hard_reset`)).toEqual(done);
      expect(await statusOf(alice, id)).toBe('processing');
      expect(await alice.put(`/datasets/${id}/status`, { status: 'truncated' })).toEqual(done);
      expect(await readDataset(alice, id)).toMatchObject({ status: 'processing', truncated: true });
      expect(await alice.post(`/datasets/${id}/dataset_actions/hard_reset`)).toEqual(done);
      expect(await readDataset(alice, id)).toMatchObject({ truncated: true });
      for (const action of ['hard_reset', 'truncate']) {
        expect(await system.post(`/datasets/nope/dataset_actions/${action}`)).toEqual(
          refused(404, 'Dataset not found'),
        );
      }
    });
  });

  describe('the same submission twice', () => {
    it('creates two datasets', async () => {
      const { alice } = cluster();
      const first = await alice.post('/datasets', DATASET);
      const second = await alice.post('/datasets', DATASET);
      expect(first).toEqual(created({ result: expect.stringMatching(ID) as string }));
      expect(second.json).not.toEqual(first.json);
    });
  });
};
