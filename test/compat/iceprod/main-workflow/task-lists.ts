import type { Document } from '../documents.js';
import { ok, refused } from '../answers.js';
import { type GetTestCluster } from '../../../harness/test-cluster.js';
import { newDataset, newTask, unsubmitted } from '../fixtures.js';

/** IceProd contract 7.4, 7.5. */
export const taskLists = (cluster: GetTestCluster): void => {
  describe('lists of tasks', () => {
    it('of a dataset can be filtered and reduced to selected keys', async () => {
      const { system, alice } = cluster();
      const datasetId = await newDataset(alice);
      const a = await newTask(system, datasetId, { name: 'a', job_id: 'j1', job_index: 1, requirements: { gpu: 1 } });
      const b = await newTask(system, datasetId, { name: 'b', job_id: 'j1', job_index: 1, status: 'complete' });
      const c = await newTask(system, datasetId, { name: 'a', job_id: 'j2', job_index: 2, status: 'failed' });
      const list = async (query: string): Promise<readonly string[]> => {
        const { status, json } = await alice.get(`/datasets/${datasetId}/tasks${query}`);
        expect(status).toBe(200);
        return Object.keys(json as object);
      };
      expect(await list('')).toEqual([a, b, c]);
      expect(await list('?status=complete|failed')).toEqual([b, c]);
      expect(await list('?status=reset')).toEqual([]);
      expect(await list('?name=a')).toEqual([a, c]);
      expect(await list('?name=a|b&job_id=j1')).toEqual([a, b]);
      expect(await list('?job_index=2')).toEqual([c]);
      expect(await list('?grid_id=g')).toEqual([]);
      expect(await alice.get(`/datasets/${datasetId}/tasks?keys=requirements.gpu|nope`)).toEqual(
        ok({
          [a]: { task_id: a, requirements: { gpu: 1 } },
          [b]: { task_id: b, requirements: {} },
          [c]: { task_id: c, requirements: {} },
        }),
      );
      expect(await alice.get(`/datasets/${datasetId}/tasks?status=melted`)).toEqual(
        refused(400, 'Unknown task status'),
      );
      expect((await alice.get(`/datasets/${datasetId}/tasks?job_index=x`)).status).toBe(400);
    });

    it('of all datasets can be filtered, sorted, limited and reduced to keys without the id', async () => {
      const { system } = cluster();
      const datasetId = unsubmitted();
      const site = `site-${datasetId}`;
      const add = async (priority: number, memory: number, more = ''): Promise<string> => {
        const id = await newTask(system, datasetId, { priority, requirements: { memory } });
        await system.patch(`/tasks/${id}`, { site: `${site}${more}` });
        return id;
      };
      const a = await add(0.5, 3);
      const b = await add(2, 1, '.sub');
      const c = await add(1, 2, 'bar');
      const list = async (query: string): Promise<unknown> => (await system.get(`/tasks?site=${site}${query}`)).json;
      const ids = (...all: readonly string[]): object => ({ tasks: all.map((id) => ({ task_id: id })) });
      expect(await list('&keys=task_id')).toEqual(ids(a, b, c));
      expect(await list('&keys=task_id&sort=priority=-1')).toEqual(ids(b, c, a));
      expect(await list('&keys=task_id&sort=priority')).toEqual(ids(a, c, b));
      expect(await list('&keys=task_id&sort=status=1|requirements.memory=1&limit=2')).toEqual(ids(b, c));
      expect(await list('&keys=task_id&limit=0')).toEqual(ids(a, b, c));
      expect(await list('&keys=task_id&limit=many')).toEqual(ids(a, b, c));
      expect(await list('.&keys=task_id')).toEqual(ids(b));
      expect(await list('&keys=priority&limit=1')).toEqual({ tasks: [{ priority: 0.5 }] });
      expect(await list('&status=melted|complete')).toEqual({ tasks: [] });
      expect(await list('&status=melted|idle&keys=task_id')).toEqual(ids(a, b, c));
    });

    it('are summarized and counted', async () => {
      const { system, alice } = cluster();
      const datasetId = await newDataset(alice);
      const path = (what: string): string => `/datasets/${datasetId}/${what}`;
      expect(await alice.get(path('task_counts/status'))).toEqual(ok({}));
      expect(await alice.get(path('task_counts/name_status'))).toEqual(ok({}));
      expect(await alice.get(path('task_summaries/status'))).toEqual(ok({}));
      const before = (await system.get('/task_counts/status')).json as Record<string, number>;
      const z = await newTask(system, datasetId, { name: 'z', task_index: 0, status: 'complete' });
      const a = await newTask(system, datasetId, { name: 'a', task_index: 1, requirements: { gpu: 2 } });
      const z2 = await newTask(system, datasetId, { name: 'z', task_index: 0 });
      expect((await alice.send('GET', path('task_counts/status'))).text).toBe('{"idle":2,"complete":1}');
      expect(await alice.get(path('task_counts/status?gpu=true'))).toEqual(ok({ idle: 1 }));
      expect(await alice.get(path('task_counts/status?gpu=0'))).toEqual(ok({ idle: 1, complete: 1 }));
      expect(await alice.get(path('task_counts/status?status=complete|failed'))).toEqual(ok({ complete: 1 }));
      expect((await alice.get(path('task_counts/status?status=melted'))).status).toBe(400);
      expect((await alice.get(path('task_counts/status?gpu=maybe'))).status).toBe(400);
      expect((await alice.send('GET', path('task_counts/name_status'))).text).toBe(
        '{"z":{"idle":1,"complete":1},"a":{"idle":1}}',
      );
      expect((await alice.send('GET', path('task_summaries/status'))).text).toBe(
        JSON.stringify({ idle: [a, z2], complete: [z] }),
      );
      expect(await system.get('/task_counts/status')).toEqual(
        ok({ ...before, idle: (before['idle'] ?? 0) + 2, complete: (before['complete'] ?? 0) + 1 }),
      );
      expect((await system.get('/task_counts/status?status=melted')).status).toBe(400);
    });

    it('give statistics of complete tasks', async () => {
      const { system, alice } = cluster();
      const datasetId = await newDataset(alice);
      const path = `/datasets/${datasetId}/task_stats`;
      expect(await alice.get(path)).toEqual(ok({}));
      const add = async (fields: Document, patch: Document): Promise<void> => {
        const id = await newTask(system, datasetId, fields);
        await system.patch(`/tasks/${id}`, patch);
      };
      await add({ name: 'b', task_index: 1, requirements: { gpu: 2 } }, { status: 'complete', walltime: 4 });
      await add({ name: 'a', task_index: 0 }, { status: 'complete', walltime: 2, walltime_err: 1 });
      await add({ name: 'a', task_index: 0 }, { status: 'complete', walltime: 3 });
      await add({ name: 'a', task_index: 0 }, { status: 'failed', walltime: 100 });
      await add({ name: 'c', task_index: 2 }, { status: 'complete' });
      const { json } = await alice.get(path);
      expect(json).toEqual({
        a: {
          count: 2,
          gpu: 0,
          total_hrs: 5,
          total_err_hrs: 1,
          avg_hrs: 2.5,
          stddev_hrs: expect.closeTo(Math.SQRT1_2, 12) as number,
          min_hrs: 2,
          max_hrs: 3,
          efficiency: expect.closeTo(5 / 6, 12) as number,
        },
        b: {
          count: 1,
          gpu: 2,
          total_hrs: 4,
          total_err_hrs: 0,
          avg_hrs: 4,
          stddev_hrs: null,
          min_hrs: 4,
          max_hrs: 4,
          efficiency: 1,
        },
        c: {
          count: 1,
          gpu: 0,
          total_hrs: 0,
          total_err_hrs: 0,
          avg_hrs: 0,
          stddev_hrs: null,
          min_hrs: 0,
          max_hrs: 0,
          efficiency: 0,
        },
      });
      expect(Object.keys(json as object)).toEqual(['a', 'b', 'c']);
    });

    it('accept task names such as "constructor"', async () => {
      const { system } = cluster();
      const datasetId = unsubmitted();
      await newTask(system, datasetId, { name: '__proto__' });
      await newTask(system, datasetId, { name: 'a/b c.d' });
      expect((await system.send('GET', `/datasets/${datasetId}/task_counts/name_status`)).text).toBe(
        '{"__proto__":{"idle":1},"a/b c.d":{"idle":1}}',
      );
    });
  });
};
