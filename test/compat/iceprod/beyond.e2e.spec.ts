import { MODES } from '../../e2e/cairn-process.js';
import { created, ok, refused } from '../../e2e/http-client.js';
import { newDataset, useWorld } from '../../e2e/world.js';

/** What IceProd's users ask for and IceProd does not have (contract 24). */
describe.each(MODES)('beyond IceProd, $mode', (mode) => {
  const world = useWorld(mode);

  it('a dataset is found by its number, by whoever may read it', async () => {
    const { admin, alice, bob } = world();
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

  it('many jobs are made at once, without tasks', async () => {
    const { system, alice } = world();
    const id = await newDataset(alice);
    const make = (body: object) => system.post(`/cairn/iceprod/datasets/${id}/jobs`, body);
    expect(await make({ count: 1000 })).toEqual(created({ jobs: 1000 }));
    expect(await make({ first_job_index: 1000, count: 2, status: 'suspended' })).toEqual(created({ jobs: 2 }));
    expect(await alice.get(`/datasets/${id}/job_counts/status`)).toEqual(ok({ processing: 1000, suspended: 2 }));
    const jobs = (await alice.get(`/datasets/${id}/jobs?keys=job_index`)).json as Record<string, { job_index: number }>;
    expect(Object.values(jobs).map(({ job_index: index }) => index)).toEqual(
      Array.from({ length: 1002 }, (_, at) => at),
    );
    expect(await alice.get(`/datasets/${id}/task_counts/status`)).toEqual(ok({}));
    for (const bad of [{}, { count: 0 }, { count: 100_001 }, { count: 1, status: 'idle' }, { count: 1, more: 1 }]) {
      expect(await make(bad)).toMatchObject({ status: 400 });
    }
    expect(await alice.post(`/cairn/iceprod/datasets/${id}/jobs`, { count: 1 })).toMatchObject({ status: 403 });
  });
});
