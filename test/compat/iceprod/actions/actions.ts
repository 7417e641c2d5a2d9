import { ok, refused } from '../answers.js';
import { type GetTestCluster } from '../../../harness/test-cluster.js';
import { ID, newDataset } from '../fixtures.js';
import { carriedOut, CONFIG, made, materialized, settled, submitted, tasksOf } from './requests.js';

const ACTIONS = ['submit', 'materialization', 'dataset_status', 'job_status', 'task_status', 'edit_config'];
const NUMBERS = { queued: 0, processing: 0, error: 0, complete: 0 };

/** IceProd contract 16. */
export const actions = (cluster: GetTestCluster): void => {
  describe('requests', () => {
    it('are counted, and unknown ones are answered with 404', async () => {
      const { alice, pilot, anonymous } = cluster();
      for (const action of ACTIONS) {
        const { status, json } = await alice.get(`/actions/${action}`);
        expect({ status, keys: Object.keys(json as object) }).toEqual({ status: 200, keys: Object.keys(NUMBERS) });
        expect(await alice.get(`/actions/${action}/nope`)).toEqual(refused(404, 'Request not found'));
        expect(await pilot.get(`/actions/${action}`)).toEqual(refused(403, 'authorization failed'));
        expect(await anonymous.post(`/actions/${action}`, {})).toEqual(refused(403, 'authentication failed'));
      }
      expect(await alice.get('/actions/nope')).toEqual(refused(404, 'Not Found'));
    });

    it('are executed and show the submitted fields', async () => {
      const { alice } = cluster();
      const body = { config: JSON.stringify(CONFIG), description: 'muons', jobs_submitted: '5' };
      const id = await made(alice, 'submit', body);
      const request = await settled(alice, 'submit', id);
      const defaults = { username: 'alice', group: 'users', extra_submit_fields: null, type: 'submit' };
      expect(request).toMatchObject({
        ...{ id, status: 'complete', error_message: '' },
        payload: { ...body, jobs_submitted: 5, ...defaults },
      });
      const dataset = String(request.payload['dataset_id']);
      expect(dataset).toMatch(ID);
      expect(await alice.get(`/actions/job_status/${id}`)).toEqual(refused(404, 'Request not found'));
      expect((await alice.get(`/datasets/${dataset}`)).json).toMatchObject({
        ...{ description: 'muons', jobs_submitted: 5, tasks_submitted: 10, tasks_per_job: 2, status: 'processing' },
        ...{ username: 'alice', group: 'users' },
      });
      expect(await alice.get(`/config/${dataset}`)).toEqual(ok(CONFIG));
    });

    it('are shown to their maker and to those who may read their dataset', async () => {
      const { alice, bob, system } = cluster();
      const fields = { group: 'simprod', extra_submit_fields: '{"auth_groups_read":[]}' };
      const body = { config: JSON.stringify(CONFIG), description: 'secret', jobs_submitted: 1, ...fields };
      const submission = await made(alice, 'submit', body);
      const { dataset_id } = (await settled(alice, 'submit', submission)).payload;
      const edit = await made(alice, 'edit_config', { dataset_id, config: JSON.stringify(CONFIG) });
      for (const path of [`submit/${submission}`, `edit_config/${edit}`]) {
        expect(await bob.get(`/actions/${path}`)).toEqual(refused(403, 'auth failed'));
        expect((await system.get(`/actions/${path}`)).status).toBe(200);
      }
      expect((await bob.get(`/cairn/explain/requests/${edit}`)).status).toBe(403);
      expect((await alice.get(`/cairn/explain/requests/${edit}`)).status).toBe(200);
    });

    it('are refused when they are invalid', async () => {
      const { alice, bob, admin } = cluster();
      const id = await newDataset(alice);
      const config = JSON.stringify(CONFIG);
      const submission = { config, description: 'd', jobs_submitted: 1 };
      expect(await alice.post('/actions/submit', { ...submission, username: 'bob' })).toEqual(
        refused(400, 'cannot submit as a different user'),
      );
      expect(await alice.post('/actions/submit', { ...submission, group: 'filtering' })).toEqual(
        refused(400, 'not a member of selected group'),
      );
      expect(await alice.post('/actions/submit', { ...submission, extra_submit_fields: '{"priority":9}' })).toEqual(
        refused(400, 'priority must be from 0 to 1'),
      );
      expect(await alice.post('/actions/submit', { ...submission, jobs_submitted: 9e15 })).toMatchObject({
        ...{
          status: 400,
          reason: expect.stringMatching(/^quota of user alice exceeded: at most 5000000 jobs/) as string,
        },
      });
      expect(await alice.post('/actions/dataset_status', { dataset_id: id, action: 'x' })).toEqual(
        refused(400, 'invalid action'),
      );
      expect(await alice.post('/actions/dataset_status', {})).toEqual(refused(400, 'missing key: dataset_id'));
      for (const action of ACTIONS.slice(1)) {
        expect(await bob.post(`/actions/${action}`, { dataset_id: id, more: 1 })).toEqual(refused(403, 'auth failed'));
        expect(await alice.post(`/actions/${action}`, '[]')).toEqual(refused(400, 'body is not a JSON object'));
      }
      expect(await admin.post('/actions/job_status', { dataset_id: id, action: 'reset', nope: 1 })).toEqual(
        refused(400, 'unknown key: nope'),
      );
    });

    it('accept further fields of a submission', async () => {
      const { alice } = cluster();
      const id = await submitted(alice, { extra_submit_fields: '{"status":"suspended","description":"x"}' });
      expect((await alice.get(`/datasets/${id}`)).json).toMatchObject({ status: 'suspended', description: 'muons' });
      const body = { config: JSON.stringify(CONFIG), description: 'muons', jobs_submitted: 5 };
      expect(await carriedOut(alice, 'submit', { ...body, extra_submit_fields: '{"colour":"red"}' })).toMatchObject({
        ...{ status: 'error', error_message: 'invalid keys found' },
      });
    });

    it('suspend and reset a dataset with its jobs and tasks', async () => {
      const { alice } = cluster();
      const id = await submitted(alice);
      await materialized(alice, id);
      const statuses = async () => [
        ((await alice.get(`/datasets/${id}`)).json as { status: string }).status,
        (await alice.get(`/datasets/${id}/job_counts/status`)).json,
        (await alice.get(`/datasets/${id}/task_counts/status`)).json,
      ];
      const suspension = await carriedOut(alice, 'dataset_status', { dataset_id: id, action: 'suspend' });
      expect(suspension).toMatchObject({ status: 'complete', payload: { progress: 100, type: 'dataset_status' } });
      expect(await statuses()).toEqual(['suspended', { suspended: 5 }, { suspended: 10 }]);
      await carriedOut(alice, 'dataset_status', { dataset_id: id, action: 'reset' });
      expect(await statuses()).toEqual(['processing', { processing: 5 }, { idle: 10 }]);
    });

    it('change selected jobs or selected tasks', async () => {
      const { alice } = cluster();
      const id = await submitted(alice);
      await materialized(alice, id);
      const [first, ...others] = await tasksOf(alice, id);
      const jobs = [first?.job_id];
      await carriedOut(alice, 'job_status', { dataset_id: id, action: 'suspend', job_ids: jobs });
      expect((await alice.get(`/datasets/${id}/job_counts/status`)).json).toEqual({ processing: 4, suspended: 1 });
      expect((await alice.get(`/datasets/${id}/task_counts/status`)).json).toEqual({ idle: 8, suspended: 2 });
      await carriedOut(alice, 'task_status', { dataset_id: id, action: 'suspend', task_ids: [others.at(-1)?.task_id] });
      expect((await alice.get(`/datasets/${id}/task_counts/status`)).json).toEqual({ idle: 7, suspended: 3 });
      await carriedOut(alice, 'task_status', { dataset_id: id, action: 'reset', initial_status: 'suspended' });
      expect((await alice.get(`/datasets/${id}/task_counts/status`)).json).toEqual({ idle: 10 });
      expect((await alice.get(`/datasets/${id}/job_counts/status`)).json).toEqual({ processing: 5 });
    });

    it('replace a config and the requirements of its tasks', async () => {
      const { alice } = cluster();
      const id = await submitted(alice);
      await materialized(alice, id);
      const edited = structuredClone(CONFIG);
      edited.steering.parameters.base = 4;
      const edit = await carriedOut(alice, 'edit_config', {
        ...{ dataset_id: id, config: JSON.stringify(edited), description: 'new' },
      });
      expect(edit).toMatchObject({ status: 'complete' });
      expect(await alice.get(`/config/${id}`)).toEqual(ok(edited));
      expect((await alice.get(`/datasets/${id}`)).json).toMatchObject({ description: 'new' });
      const tasks = await tasksOf(alice, id);
      expect(tasks.filter(({ name }) => name === 'gen').map(({ requirements }) => requirements)).toEqual(
        Array(5).fill({ cpu: 1, memory: 8, gpu: 1 }),
      );
      const fewer = { ...edited, tasks: edited.tasks.slice(0, 1) };
      const refusal = await carriedOut(alice, 'edit_config', { dataset_id: id, config: JSON.stringify(fewer) });
      expect(refusal).toMatchObject({ status: 'error', error_message: 'number of tasks differs' });
    });
  });
};
