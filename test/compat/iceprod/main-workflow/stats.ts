import type { Document } from '../documents.js';
import { type HttpClient } from '../../../harness/http-client.js';
import { created, isRefusal, ok, refused } from '../answers.js';
import { type GetTestCluster, type TestCluster } from '../../../harness/test-cluster.js';
import { ID, newDataset, newTask, TIMESTAMP, unsubmitted } from '../fixtures.js';

const add = async (client: HttpClient, taskId: string, body: unknown): Promise<string> => {
  const answer = await client.post(`/tasks/${taskId}/task_stats`, body);
  expect(answer).toEqual(created({ result: expect.stringMatching(ID) as string }));
  return (answer.json as { result: string }).result;
};

/** IceProd contract 8 and Cairn's history of a unit. */
export const stats = (cluster: GetTestCluster): void => {
  describe('task stats', () => {
    it('are stored exactly as sent, without the dataset_id', async () => {
      const { pilot, alice, system } = cluster();
      const datasetId = await newDataset(alice);
      const id = await add(
        pilot,
        't',
        `{"resources":{"cpu":0.90,"n":12345678901234567890},"dataset_id":"${datasetId}","time":1.0}`,
      );
      const text = (await alice.send('GET', `/datasets/${datasetId}/tasks/t/task_stats/${id}`)).text;
      expect(JSON.parse(text)).toEqual({
        task_stat_id: id,
        task_id: 't',
        dataset_id: datasetId,
        create_date: expect.stringMatching(TIMESTAMP) as string,
        stats: { resources: { cpu: 0.9, n: Number('12345678901234567890') }, time: 1 },
      });
      expect(text).toContain('"stats":{"resources":{"cpu":0.90,"n":12345678901234567890},"time":1.0}');
      for (const path of [
        `/datasets/${datasetId}/tasks/other/task_stats/${id}`,
        `/datasets/${unsubmitted()}/tasks/t/task_stats/${id}`,
        `/datasets/${datasetId}/tasks/t/task_stats/nope`,
      ]) {
        expect(await system.get(path)).toEqual(refused(404, 'Task stat not found'));
      }
    });

    it('store NaN and Infinity as null and half surrogates as sent', async () => {
      const { system, pilot } = cluster();
      const datasetId = unsubmitted();
      const id = await add(pilot, 't', `{"dataset_id":"${datasetId}","hit_rate":NaN,"l":[Infinity],"log":"a\\udc80"}`);
      const { status, text } = await system.send('GET', `/datasets/${datasetId}/tasks/t/task_stats/${id}`);
      expect(status).toBe(200);
      expect(text).toContain('"stats":{"hit_rate":null,"l":[null],"log":"a\\udc80"}');
    });

    it('require a dataset', async () => {
      const { system } = cluster();
      expect(await system.post('/tasks/t/task_stats', { cpu: 1 })).toEqual(refused(400, 'Missing dataset_id in body'));
      const answer = await system.post('/tasks/t/task_stats', { dataset_id: 7 });
      expect({ ...answer, isRefusal: isRefusal(answer, 400) }).toMatchObject({ isRefusal: true });
    });

    it('are listed by creation', async () => {
      const { system, alice } = cluster();
      const datasetId = await newDataset(alice);
      const path = `/datasets/${datasetId}/tasks/t/task_stats`;
      expect(await alice.get(path)).toEqual(ok({}));
      const ids = [];
      for (let index = 0; index < 12; index += 1) ids.push(await add(system, 't', { dataset_id: datasetId, index }));
      const newest = String(ids.at(-1));
      expect(Object.keys((await alice.get(path)).json as object)).toEqual(ids);
      expect(await alice.get(`${path}?keys=stats.index&last=Yes`)).toEqual(
        ok({
          [newest]: {
            task_stat_id: newest,
            create_date: expect.stringMatching(TIMESTAMP) as string,
            stats: { index: 11 },
          },
        }),
      );
      for (const last of ['true', 'T', '1', 'y']) {
        expect(Object.keys((await alice.get(`${path}?last=${last}`)).json as object)).toEqual([newest]);
      }
      for (const last of ['no', 'maybe', '']) {
        expect(Object.keys((await alice.get(`${path}?last=${last}`)).json as object)).toEqual(ids);
      }
      expect((await alice.get(`${path}?keys=task_id`)).json).toMatchObject({
        [newest]: { task_stat_id: newest, task_id: 't' },
      });
    });

    it('are exported as one JSON document a line', async () => {
      const { system, alice } = cluster();
      const datasetId = await newDataset(alice);
      const path = `/datasets/${datasetId}/bulk/task_stats`;
      const lines = async (query = ''): Promise<readonly Document[]> => {
        const { status, text, headers } = await alice.send('GET', `${path}${query}`);
        expect(status).toBe(200);
        expect(headers['content-type']).toBe('application/x-ndjson');
        expect(text === '' || text.endsWith('\n')).toBe(true);
        return text
          .split('\n')
          .slice(0, -1)
          .map((line) => JSON.parse(line) as Document);
      };
      expect(await lines()).toEqual([]);
      const b1 = await add(system, 'b', { dataset_id: datasetId });
      const a1 = await add(system, 'a', { dataset_id: datasetId });
      const b2 = await add(system, 'b', { dataset_id: datasetId });
      const ids = async (query?: string): Promise<readonly unknown[]> =>
        (await lines(query)).map((line) => line['task_stat_id']);
      expect(await ids()).toEqual([a1, b1, b2]);
      expect(await ids('?last=true')).toEqual([a1, b2]);
      expect(await ids('?buffer_size=1')).toEqual([a1, b1, b2]);
      const date = String((await lines()).find((line) => line['task_stat_id'] === a1)?.['create_date']);
      expect(await ids(`?after=${date}`)).toEqual([a1, b2]);
      expect(await ids('?after=2999')).toEqual([]);
      expect(await lines('?keys=task_id')).toEqual([
        { task_stat_id: a1, task_id: 'a' },
        { task_stat_id: b1, task_id: 'b' },
        { task_stat_id: b2, task_id: 'b' },
      ]);
      for (const size of ['0', '-1', 'x', '1.5'])
        expect((await alice.get(`${path}?buffer_size=${size}`)).status).toBe(400);
    });

    it('can be large', async () => {
      const { pilot, alice } = cluster();
      const datasetId = await newDataset(alice);
      const log = 'x"\\\n'.repeat(200_000);
      const id = await add(pilot, 't', { dataset_id: datasetId, log });
      expect((await alice.get(`/datasets/${datasetId}/tasks/t/task_stats/${id}`)).json).toMatchObject({
        stats: { log },
      });
      await add(pilot, 't', { dataset_id: datasetId, log });
      expect(Object.keys((await alice.get(`/datasets/${datasetId}/tasks/t/task_stats`)).json as object)).toHaveLength(
        2,
      );
    });
  });

  describe('the history of a task', () => {
    it('lists what happened, when and by whom', async () => {
      const { system, alice, pilot } = cluster();
      const datasetId = await newDataset(alice);
      const id = await newTask(system, datasetId, { name: 'generate' });
      await newTask(system, datasetId, { name: 'another' });
      await system.post('/task_actions/waiting', { task_ids: [id] });
      const claimed = await system.post('/task_actions/queue', { query_params: { dataset_id: datasetId } });
      const { instance_id: instanceId } = claimed.json as { instance_id: string };
      await pilot.post(`/tasks/${id}/task_actions/reset`, { instance_id: instanceId, reason: 'killed by OOM' });
      await pilot.post(`/tasks/${id}/task_stats`, { dataset_id: datasetId, hostname: 'n1' });
      await alice.post(`/datasets/${datasetId}/task_actions/bulk_suspend`);
      const { status, json } = await alice.get(`/cairn/history/units/${id}`);
      expect(status).toBe(200);
      const { unit_id: unitId, events } = json as { unit_id: string; events: readonly Document[] };
      expect(unitId).toBe(id);
      expect(events.map(({ event, actor }) => [event, actor])).toEqual([
        ['UnitAdded', 'grid'],
        ['UnitsMoved', 'grid'],
        ['UnitsClaimed', 'grid'],
        ['UnitFailed', 'pilot-1'],
        ['TaskStatRecorded', 'pilot-1'],
        ['UnitsMoved', 'alice'],
      ]);
      expect(JSON.stringify(events[3]?.['data'])).toContain('killed by OOM');
      const times = events.map(({ time }) => String(time));
      expect([...times].sort()).toEqual(times);
      for (const { time, cause, position } of events) {
        expect(time).toEqual(expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/));
        expect(cause).toEqual(expect.any(String));
        expect(position).toEqual(expect.any(Number));
      }
    });

    it.each([
      [
        'a status set without an instance',
        'grid',
        ({ system }: TestCluster, id: string) => system.put(`/tasks/${id}/status`, { status: 'waiting' }),
      ],
      [
        'a status set by who owns the dataset',
        'alice',
        ({ alice }: TestCluster, id: string, datasetId: string) =>
          alice.put(`/datasets/${datasetId}/tasks/${id}/status`, { status: 'suspended' }),
      ],
      [
        'a status set for many',
        'grid',
        ({ system }: TestCluster, id: string) => system.post('/task_actions/bulk_status/suspended', { tasks: [id] }),
      ],
      [
        'a bulk action',
        'alice',
        ({ alice }: TestCluster, id: string, datasetId: string) =>
          alice.post(`/datasets/${datasetId}/task_actions/bulk_reset`, { tasks: [id] }),
      ],
      [
        'a field overwritten',
        'grid',
        ({ system }: TestCluster, id: string) => system.patch(`/tasks/${id}`, { status: 'idle' }),
      ],
    ])('names the run that is ended by %s, and who did it', async (_, actor, end) => {
      const { system, alice } = cluster();
      const datasetId = await newDataset(alice);
      const id = await newTask(system, datasetId, { status: 'waiting' });
      await newTask(system, datasetId, { status: 'waiting' });
      const query_params = { dataset_id: datasetId };
      const claimed = await system.post('/task_actions/queue_many', { num: 2, query_params });
      const [{ instance_id: instanceId } = {}] = claimed.json as readonly Document[];
      await system.post(`/tasks/${id}/task_actions/processing`, { instance_id: instanceId });
      expect((await end(cluster(), id, datasetId)).status).toBe(200);
      const { events } = (await alice.get(`/cairn/history/units/${id}`)).json as { events: readonly Document[] };
      expect(events.at(-1)).toMatchObject({ actor, data: { ended_lease_id: instanceId } });
    });

    it('is refused to callers who may not read the task', async () => {
      const { system, alice, bob, nobody } = cluster();
      const id = await newTask(system, await newDataset(alice, { auth_groups_read: [] }));
      expect((await alice.get(`/cairn/history/units/${id}`)).status).toBe(200);
      expect((await bob.get(`/cairn/history/units/${id}`)).status).toBe(403);
      expect((await nobody.get(`/cairn/history/units/${id}`)).status).toBe(403);
      expect((await system.get('/cairn/history/units/nope')).status).toBe(404);
    });
  });
};
