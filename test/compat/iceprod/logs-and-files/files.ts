import { jsonAnswer } from '../../../harness/http-client.js';
import { created, done, isRefusal, ok, refused } from '../answers.js';
import { type GetTestCluster } from '../../../harness/test-cluster.js';
import { newDataset, newTask, unsubmitted } from '../fixtures.js';

const FILE = { filename: 'osdf:///a/b.i3', movement: 'input' };
const STORED = {
  type: 'permanent',
  movement: 'input',
  remote: 'osdf:///a/b.i3',
  local: '',
  transfer: true,
  compression: false,
};

/** IceProd contract 10. */
export const files = (cluster: GetTestCluster): void => {
  describe('files', () => {
    it('can be added to a task with a location and a name', async () => {
      const { alice, system } = cluster();
      const datasetId = await newDataset(alice);
      const path = `/datasets/${datasetId}/files`;
      await newTask(system, datasetId, { job_index: 0, name: 'generate' });
      const taskId = await newTask(system, datasetId, { job_index: 1, name: 'generate' });
      await newTask(system, datasetId, { job_index: 1, name: 'filter' });
      const place = { job_index: 1, task_name: 'generate' };
      expect(await alice.get(path)).toEqual(ok({ files: [] }));
      expect(await alice.post(path, { ...FILE, ...place, unknown: 1 })).toEqual(created({ result: taskId }));
      expect(await alice.post(path, { ...FILE, ...place })).toEqual(created({ result: taskId }));
      const output = { filename: 'c', movement: 'both', local: 'l', transfer: 'maybe', compression: 'bz2' };
      expect(await alice.post(`${path}/${taskId}`, output)).toEqual(created({}));
      const stored = [
        STORED,
        STORED,
        { type: 'permanent', movement: 'both', remote: 'c', local: 'l', transfer: 'maybe', compression: 'bz2' },
      ];
      expect(await alice.get(path)).toEqual(ok({ files: stored }));
      expect(await alice.get(`${path}/${taskId}`)).toEqual(ok({ files: stored }));
      const { json } = await alice.get(`/cairn/history/units/${taskId}`);
      const { events } = json as { events: readonly { event: string }[] };
      expect(events.map(({ event }) => event)).toEqual(['UnitAdded', 'FileAdded', 'FileAdded', 'FileAdded']);
    });

    it('can be added to a task that was moved to the dataset', async () => {
      const { alice, system } = cluster();
      const datasetId = await newDataset(alice);
      const taskId = await newTask(system, await newDataset(alice), { job_index: 3, name: 'moved' });
      await system.patch(`/tasks/${taskId}`, { dataset_id: datasetId });
      const path = `/datasets/${datasetId}/files`;
      const place = { job_index: 3, task_name: 'moved' };
      expect(await alice.post(path, { ...FILE, ...place })).toEqual(created({ result: taskId }));
    });

    it('require a task and known values', async () => {
      const { alice, system } = cluster();
      const datasetId = await newDataset(alice);
      const path = `/datasets/${datasetId}/files`;
      await newTask(system, datasetId);
      const body = { ...FILE, job_index: 0, task_name: 'generate' };
      for (const place of [{ job_index: 1 }, { task_name: 'other' }]) {
        const answer = await alice.post(path, { ...body, ...place, movement: 'sideways' });
        expect(answer).toEqual(refused(400, 'task referred to not found'));
      }
      for (const bad of [{ movement: 'sideways' }, { compression: 'zip' }, { compression: '' }]) {
        expect(await alice.post(path, { ...body, ...bad })).toEqual(refused(400, 'invalid file data'));
        expect(await alice.post(`${path}/t`, { ...FILE, ...bad })).toEqual(refused(400, 'invalid file data'));
      }
      for (const bad of [
        { filename: undefined },
        { filename: 1 },
        { movement: undefined },
        { job_index: '0' },
        { job_index: undefined },
        { task_name: undefined },
        { local: 1 },
        { transfer: 1 },
        { compression: [] },
      ]) {
        const answer = await alice.post(path, { ...body, ...bad });
        expect({ bad, refused: isRefusal(answer, 400) }).toEqual({ bad, refused: true });
      }
      expect(await alice.get(path)).toEqual(ok({ files: [] }));
    });

    it('can belong to unknown tasks, and to one task at a time', async () => {
      const { system } = cluster();
      const path = `/datasets/${unsubmitted()}/files`;
      expect(await system.get(`${path}/t`)).toEqual(ok({ files: [] }));
      for (const compression of [true, false, 'none', 'gzip', 'gz', 'bzip', 'bz2', 'lzma']) {
        expect(await system.post(`${path}/t`, { ...FILE, compression })).toEqual(created({}));
      }
      await system.post(`${path}/u`, FILE);
      const count = async (at: string) => ((await system.get(at)).json as { files: readonly unknown[] }).files.length;
      expect([await count(path), await count(`${path}/t`), await count(`${path}/u`)]).toEqual([9, 8, 1]);
      expect(jsonAnswer(await system.send('DELETE', `${path}/t`))).toEqual(done);
      expect(jsonAnswer(await system.send('DELETE', `${path}/t`))).toEqual(done);
      expect([await count(path), await count(`${path}/t`), await count(`${path}/u`)]).toEqual([1, 0, 1]);
    });

    it('can be many', async () => {
      const { system } = cluster();
      const path = `/datasets/${unsubmitted()}/files`;
      const adding = Array.from({ length: 620 }, (_, index) =>
        system.post(`${path}/t`, { ...FILE, local: String(index) }),
      );
      await Promise.all(adding);
      const { files: listed } = (await system.get(path)).json as { files: readonly { local: string }[] };
      expect(new Set(listed.map(({ local }) => local)).size).toBe(620);
    });

    it('follow the access rule of their dataset', async () => {
      const { alice, bob, pilot, nobody, system } = cluster();
      const datasetId = await newDataset(alice, { auth_groups_read: [] });
      const path = `/datasets/${datasetId}/files`;
      expect((await bob.get(path)).status).toBe(403);
      expect((await bob.get(`${path}/t`)).status).toBe(403);
      expect((await bob.post(`${path}/t`, {})).status).toBe(403);
      expect((await bob.post(path, {})).status).toBe(403);
      expect((await bob.send('DELETE', `${path}/t`)).status).toBe(403);
      expect((await nobody.get(path)).status).toBe(403);
      expect((await pilot.get(path)).status).toBe(403);
      expect((await pilot.post(`${path}/t`, FILE)).status).toBe(403);
      expect(await pilot.get(`${path}/t`)).toEqual(ok({ files: [] }));
      expect(await system.get(path)).toEqual(ok({ files: [] }));
    });
  });
};
