import { type HttpClient, type JsonAnswer } from '../../../harness/http-client.js';
import { created, done, isRefusal, ok, refused } from '../answers.js';
import { type GetTestCluster } from '../../../harness/test-cluster.js';
import { ID, newDataset, newJob, TIMESTAMP, unsubmitted } from '../fixtures.js';

const WORDS = ['processing', 'suspended', 'errors', 'complete'] as const;

const ALLOWED: Readonly<Record<string, readonly string[]>> = {
  processing: ['suspended', 'errors', 'complete'],
  suspended: ['processing'],
  errors: ['processing'],
  complete: [],
};

const document = async (client: HttpClient, id: string): Promise<Readonly<Record<string, unknown>>> => {
  const { status, json } = await client.get(`/jobs/${id}`);
  expect(status).toBe(200);
  return json as Readonly<Record<string, unknown>>;
};

/** One job of each status, by status. */
const oneOfEach = async (client: HttpClient, datasetId: string): Promise<Readonly<Record<string, string>>> => {
  const jobs: Record<string, string> = {};
  for (const [index, status] of WORDS.entries())
    jobs[status] = await newJob(client, datasetId, { job_index: index, status });
  return jobs;
};

/** IceProd contract 6. */
export const jobs = (cluster: GetTestCluster): void => {
  describe('jobs', () => {
    it('can be added and read', async () => {
      const { system, pilot, alice } = cluster();
      const datasetId = await newDataset(alice);
      const answer = await system.post('/jobs', { dataset_id: datasetId, job_index: 4 });
      expect(answer).toEqual(created({ result: expect.stringMatching(ID) as string }));
      const { result: id } = answer.json as { result: string };
      const expected = ok({
        job_id: id,
        dataset_id: datasetId,
        job_index: 4,
        status: 'processing',
        status_changed: expect.stringMatching(TIMESTAMP) as string,
      });
      expect(await pilot.get(`/jobs/${id}`)).toEqual(expected);
      expect(await pilot.get(`/jobs/${id}?keys=status`)).toEqual(expected);
      expect(await alice.get(`/datasets/${datasetId}/jobs/${id}`)).toEqual(expected);
      expect(await system.get(`/datasets/${unsubmitted()}/jobs/${id}`)).toEqual(refused(404, 'Job not found'));
      expect(await system.get('/jobs/nope')).toEqual(refused(404, 'Job not found'));
    });

    it('keep the id that a client sends and refuse it a second time', async () => {
      const { system } = cluster();
      const id = 'urn:uuid:{0F1C2D3E-4B5A-11EF-9A2B-0242AC120002}';
      const body = { dataset_id: unsubmitted(), job_index: 0, job_id: id };
      expect(await system.post('/jobs', body)).toEqual(created({ result: id }));
      expect((await system.get(`/jobs/${encodeURIComponent(id)}`)).status).toBe(200);
      const again = await system.post('/jobs', body);
      expect({ ...again, isRefusal: isRefusal(again, 409) }).toMatchObject({ isRefusal: true });
      expect(await system.post('/jobs', { ...body, job_id: 'nope' })).toEqual(
        refused(400, 'job_id should be a valid uuid'),
      );
    });

    it.each([
      [{}, 'missing key: dataset_id'],
      [{ dataset_id: 'd' }, 'missing key: job_index'],
      [{ dataset_id: 7, job_index: 0 }, 'key "dataset_id" should be of type str'],
      [{ dataset_id: 'd', job_index: '0' }, 'key "job_index" should be of type int'],
      [{ dataset_id: 'd', job_index: 0, nope: 1 }, 'invalid keys found'],
      [{ dataset_id: 'd', job_index: 0, status: 'idle' }, 'unknown status'],
    ])('are refused: %j', async (body, reason) => {
      expect(await cluster().system.post('/jobs', body)).toEqual(refused(400, reason));
    });

    it('accept any field in PATCH', async () => {
      const { system } = cluster();
      const datasetId = unsubmitted();
      const id = await newJob(system, datasetId);
      const before = await document(system, id);
      const answer = await system.send('PATCH', `/jobs/${id}`, { body: '{"weight":1.0,"a.b":12345678901234567890}' });
      expect([answer.status, answer.text]).toEqual([
        200,
        JSON.stringify(before).replace(/\}$/, ',"weight":1.0,"a":{"b":12345678901234567890}}'),
      ]);
      expect((await system.send('GET', `/jobs/${id}`)).text).toBe(answer.text);
      const moved = (await system.patch(`/jobs/${id}`, { status: 'complete' })).json as Record<string, unknown>;
      expect(moved['status']).toBe('complete');
      expect(String(moved['status_changed']) > String(before['status_changed'])).toBe(true);
      expect(await system.get(`/datasets/${datasetId}/job_counts/status`)).toEqual(ok({ complete: 1 }));
      expect((await system.patch(`/jobs/${id}`, { status: 'errors', status_changed: 'then' })).json).toMatchObject({
        status: 'errors',
        status_changed: 'then',
      });
      expect(await system.patch(`/jobs/${id}`, {})).toEqual(refused(400, 'Missing update data'));
      expect(await system.patch('/jobs/nope', { a: 1 })).toEqual(refused(404, 'Job not found'));
    });

    it('are listed by creation, with filters and selected keys', async () => {
      const { system, alice } = cluster();
      const datasetId = await newDataset(alice);
      const ids = await oneOfEach(system, datasetId);
      const path = `/datasets/${datasetId}/jobs`;
      expect(Object.keys((await alice.get(path)).json as object)).toEqual(WORDS.map((word) => ids[word]));
      const cut = (...words: readonly string[]): JsonAnswer =>
        ok(Object.fromEntries(words.map((word) => [ids[word], { job_id: ids[word], status: word }])));
      expect(await alice.get(`${path}?keys=status&status=errors|complete`)).toEqual(cut('errors', 'complete'));
      expect(await alice.get(`${path}?keys=status&job_index=1`)).toEqual(cut('suspended'));
      expect(await alice.get(`${path}?keys=status&job_index=1&status=errors`)).toEqual(ok({}));
      expect(await alice.get(`${path}?status=idle`)).toEqual(refused(400, 'Unknown status'));
      expect((await alice.get(`${path}?job_index=x`)).status).toBe(400);
      expect((await alice.get(`${path}?job_index=1.5`)).status).toBe(400);
    });

    it('are summarized and counted in the order of the statuses, without empty ones', async () => {
      const { system, alice } = cluster();
      const datasetId = await newDataset(alice);
      expect(await alice.get(`/datasets/${datasetId}/job_counts/status`)).toEqual(ok({}));
      expect(await alice.get(`/datasets/${datasetId}/job_summaries/status`)).toEqual(ok({}));
      const complete = await newJob(system, datasetId, { status: 'complete' });
      const first = await newJob(system, datasetId);
      const second = await newJob(system, datasetId);
      expect((await alice.send('GET', `/datasets/${datasetId}/job_counts/status`)).text).toBe(
        '{"processing":2,"complete":1}',
      );
      expect((await alice.send('GET', `/datasets/${datasetId}/job_summaries/status`)).text).toBe(
        JSON.stringify({ processing: [first, second], complete: [complete] }),
      );
    });

    it.each(WORDS)('allow only the legal transitions from %s', async (from) => {
      const { system, alice } = cluster();
      const datasetId = await newDataset(alice);
      for (const to of WORDS) {
        const id = await newJob(system, datasetId, { status: from });
        const before = await document(system, id);
        const moves = ALLOWED[from]?.includes(to) === true;
        expect([to, await alice.put(`/datasets/${datasetId}/jobs/${id}/status`, { status: to })]).toEqual([
          to,
          moves || from === to ? done : refused(400, 'Bad state transition for status'),
        ]);
        const after = await document(system, id);
        expect(after['status']).toBe(moves ? to : from);
        expect(after['status_changed'] === before['status_changed']).toBe(!moves);
      }
    });

    it('refuse a wrong status with the reason', async () => {
      const { system, alice } = cluster();
      const datasetId = await newDataset(alice);
      const path = `/datasets/${datasetId}/jobs/${await newJob(system, unsubmitted())}/status`;
      expect(await alice.put(path, {})).toEqual(refused(400, 'Missing status in body'));
      expect(await alice.put(path, { status: 'idle' })).toEqual(refused(400, 'Bad status'));
      expect(await alice.put(path, { status: 7 })).toEqual(refused(400, 'Bad status'));
      expect(await alice.put(path, { status: 'complete' })).toEqual(refused(404, 'Job not found'));
    });

    it('are changed in bulk where the transition is legal', async () => {
      const { system, alice } = cluster();
      const datasetId = await newDataset(alice);
      const ids = await oneOfEach(system, datasetId);
      const elsewhere = await newJob(system, unsubmitted());
      const all = [...Object.values(ids), elsewhere, 'nope'];
      const set = (status: string, list: unknown): Promise<JsonAnswer> =>
        alice.post(`/datasets/${datasetId}/job_actions/bulk_status/${status}`, { jobs: list });
      expect(await set('errors', all)).toEqual(done);
      expect(await alice.get(`/datasets/${datasetId}/job_counts/status`)).toEqual(
        ok({ suspended: 1, errors: 2, complete: 1 }),
      );
      expect(await document(system, elsewhere)).toMatchObject({ status: 'processing' });
      expect(await set('complete', [ids['complete'], 'nope'])).toEqual(done);
      expect(await set('complete', [ids['suspended']])).toEqual(refused(404, 'Jobs not found'));
      expect(await set('complete', [elsewhere])).toEqual(refused(404, 'Jobs not found'));
      for (const list of [undefined, []])
        expect(await set('complete', list)).toEqual(refused(400, 'Missing jobs in body'));
      expect(await set('idle', all)).toEqual(refused(400, 'Bad status'));
      expect((await set('complete', new Array(100_001).fill('x'))).status).toBe(400);
      for (const list of ['x', 7, [7], {}]) expect((await set('complete', list)).status).toBe(400);
    });

    it.each([
      ['bulk_suspend', { suspended: 2, errors: 1, complete: 1 }],
      ['bulk_reset', { processing: 3, complete: 1 }],
      ['bulk_hard_reset', { processing: 4 }],
    ] as const)('%s changes all jobs, the listed ones or none', async (action, counts) => {
      const { system, alice } = cluster();
      const datasetId = await newDataset(alice);
      const ids = await oneOfEach(system, datasetId);
      const path = `/datasets/${datasetId}/job_actions/${action}`;
      const count = (): Promise<JsonAnswer> => alice.get(`/datasets/${datasetId}/job_counts/status`);
      const untouched = await count();
      expect(await alice.post(path, { jobs: [] })).toEqual(done);
      expect(await alice.post(path, { jobs: ['nope'] })).toEqual(done);
      expect(await count()).toEqual(untouched);
      expect((await alice.post(path, { jobs: 'all' })).status).toBe(400);
      expect((await alice.post(path, { jobs: new Array(100_001).fill('x') })).status).toBe(400);
      expect(await alice.post(path, { jobs: Object.values(ids) })).toEqual(done);
      expect(await count()).toEqual(ok(counts));
      const other = await newDataset(alice);
      await oneOfEach(system, other);
      expect(await alice.post(`/datasets/${other}/job_actions/${action}`, {})).toEqual(done);
      expect(await alice.get(`/datasets/${other}/job_counts/status`)).toEqual(ok(counts));
      expect(await count()).toEqual(ok(counts));
    });
  });
};
