import { created, ok, refused } from '../answers.js';
import type { GetTestCluster } from '../../../harness/test-cluster.js';
import { newDataset, newJob, unsubmitted } from '../fixtures.js';

/** Routes and parameters that users of IceProd ask for and IceProd does not have (contract 24). */
export const extensions = (cluster: GetTestCluster): void => {
  describe('extensions of the API', () => {
    it('find a dataset by its number for callers who may read it', async () => {
      const { admin, alice, bob } = cluster();
      const ids = [await newDataset(alice), await newDataset(alice, { auth_groups_read: [] }), await newDataset(alice)];
      for (const id of ids) {
        const { json } = await admin.get(`/datasets/${id}`);
        const { dataset } = json as { dataset: number };
        expect(await admin.get(`/datasets?dataset=${dataset}`)).toEqual(ok({ [id]: json }));
        expect(await alice.get(`/datasets?dataset=${dataset}&keys=dataset`)).toEqual(
          ok({ [id]: { dataset_id: id, dataset } }),
        );
        expect(await alice.get(`/datasets?dataset=${dataset}&status=suspended`)).toEqual(ok({}));
        expect(await bob.get(`/datasets?dataset=${dataset}&keys=dataset`)).toEqual(
          ok(id === ids[1] ? {} : { [id]: { dataset_id: id, dataset } }),
        );
      }
      expect(await admin.get('/datasets?dataset=987654')).toEqual(ok({}));
      expect(await admin.get('/datasets?dataset=one')).toEqual(refused(400, 'dataset must be an integer'));
    });

    it('add many jobs without tasks in one request', async () => {
      const { system, alice } = cluster();
      const id = await newDataset(alice);
      const make = (body: object) => system.post(`/cairn/iceprod/datasets/${id}/jobs`, body);
      expect(await make({ count: 1000 })).toEqual(created({ jobs: 1000 }));
      expect(await make({ first_job_index: 1000, count: 2, status: 'suspended' })).toEqual(created({ jobs: 2 }));
      expect(await alice.get(`/datasets/${id}/job_counts/status`)).toEqual(ok({ processing: 1000, suspended: 2 }));
      const jobs = (await alice.get(`/datasets/${id}/jobs?keys=job_index`)).json as Record<
        string,
        { job_index: number }
      >;
      expect(Object.values(jobs).map(({ job_index: index }) => index)).toEqual(
        Array.from({ length: 1002 }, (_, at) => at),
      );
      expect(await alice.get(`/datasets/${id}/task_counts/status`)).toEqual(ok({}));
      for (const bad of [{}, { count: 0 }, { count: 100_001 }, { count: 1, status: 'idle' }, { count: 1, more: 1 }]) {
        expect(await make(bad)).toMatchObject({ status: 400 });
      }
      expect(await alice.post(`/cairn/iceprod/datasets/${id}/jobs`, { count: 1 })).toMatchObject({ status: 403 });
    });

    it('add tasks to existing jobs in one atomic request', async () => {
      const { system, alice } = cluster();
      const id = await newDataset(alice);
      const path = `/cairn/iceprod/datasets/${id}/jobs`;
      expect(await system.post(path, { count: 1000 })).toEqual(created({ jobs: 1000 }));
      const odd = await newJob(system, id, { job_index: 7777, job_id: '{8F1C2D3E-4B5A-11EF-9A2B-0242AC120002}' });
      const strange = await newJob(system, unsubmitted());
      const jobs = (await alice.get(`/datasets/${id}/jobs?keys=job_index`)).json as Record<
        string,
        { job_index: number }
      >;
      const tasks = [
        { name: 'a', requirements: { memory: 2 } },
        { name: 'b', depends: [0], status: 'waiting' },
      ];
      const give = (body: object) => system.post(`${path}/tasks`, body);
      expect(await give({ jobs: [odd, strange], tasks })).toMatchObject({ status: 400 });
      expect(await give({ jobs: [odd, 'nobody'], tasks })).toMatchObject({ status: 400 });
      expect(await alice.get(`/datasets/${id}/task_counts/status`)).toEqual(ok({}));
      expect(await give({ jobs: [...Object.keys(jobs), odd], tasks })).toEqual(created({ tasks: 2002 }));
      expect(await alice.get(`/datasets/${id}/task_counts/name_status`)).toEqual(
        ok({ a: { idle: 1001 }, b: { waiting: 1001 } }),
      );
      const listed = (await alice.get(`/datasets/${id}/tasks`)).json as Record<string, Record<string, unknown>>;
      const shown = Object.values(listed);
      const last = { job_id: odd, job_index: 7777 };
      expect(shown.slice(-2)).toMatchObject([
        { ...last, task_index: 0, name: 'a', depends: [], requirements: { memory: 2 }, priority: 1 },
        { ...last, task_index: 1, name: 'b', depends: [shown.at(-2)?.['task_id']], requirements: {}, priority: 1 },
      ]);
      expect(shown.map(({ job_id: job }) => job)).toEqual(Object.keys(jobs).flatMap((job) => [job, job]));
      for (const bad of [
        {},
        { jobs: [] },
        { jobs: [odd], tasks: [] },
        { jobs: [1] },
        { jobs: [odd], tasks, more: 1 },
      ]) {
        expect(await give({ tasks, ...bad })).toMatchObject({ status: 400 });
      }
      const many = Array.from({ length: 1000 }, () => ({ name: 'a' }));
      expect(await give({ jobs: Object.keys(jobs).slice(0, 11), tasks: many })).toMatchObject({ status: 400 });
      expect(await alice.post(`${path}/tasks`, { jobs: [odd], tasks })).toMatchObject({ status: 403 });
    });
  });
};
