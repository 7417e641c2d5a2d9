import { created, done, ok, refused } from '../answers.js';
import type { HttpClient } from '../../../harness/http-client.js';
import { type GetTestCluster } from '../../../harness/test-cluster.js';
import { ID, newDataset, newJob, newTask, TIMESTAMP } from '../fixtures.js';
import { carriedOut, CONFIG, made, materialized, settled, submitted, tasksOf } from './requests.js';

const byPlace = (one: { job_index: number; task_index: number }, other: { job_index: number; task_index: number }) =>
  one.job_index - other.job_index || one.task_index - other.task_index;

/** IceProd contract 16, 18. */
export const materialization = (cluster: GetTestCluster): void => {
  describe('materialization', () => {
    it('creates jobs with their tasks up to the submitted number', async () => {
      const { alice } = cluster();
      const id = await submitted(alice);
      expect(await materialized(alice, id, { num: 2 })).toMatchObject({ status: 'complete', error_message: '' });
      expect((await tasksOf(alice, id)).length).toBe(4);
      await materialized(alice, id, { set_status: 'suspended' });
      const tasks = (await tasksOf(alice, id)).toSorted(byPlace);
      expect(tasks.map(({ job_index: job, name, status }) => [job, name, status])).toEqual(
        [0, 1, 2, 3, 4].flatMap((job) => ['gen', 'filter'].map((name) => [job, name, job < 2 ? 'idle' : 'suspended'])),
      );
      expect(tasks[0]?.requirements).toEqual({ cpu: 1, memory: 4, gpu: 1 });
      expect(tasks[1]).toMatchObject({ requirements: { time: 1.5 }, depends: [tasks[0]?.task_id] });
      expect(tasks.every(({ priority }) => priority > 0 && priority <= 1)).toBe(true);
      await materialized(alice, id);
      expect((await alice.get(`/datasets/${id}/job_counts/status`)).json).toEqual({ processing: 5 });
    });

    it('creates the tasks that jobs lack', async () => {
      const { alice, system } = cluster();
      const id = await submitted(alice);
      const job = await newJob(system, id, { job_index: 0 });
      await materialized(alice, id, { num: 0 });
      const tasks = await tasksOf(alice, id);
      expect(tasks.map(({ job_id, name }) => [job_id, name])).toEqual([
        [job, 'gen'],
        [job, 'filter'],
      ]);
      expect(tasks[1]?.depends).toEqual([tasks[0]?.task_id]);
    });

    it('finds incomplete jobs from the last one backwards, whatever precedes them', async () => {
      const { alice, system } = cluster();
      const id = await submitted(alice, { jobs_submitted: 1300 });
      const tasks = ['gen', 'filter'].map((name) => ({ name, depends: [], requirements: {} }));
      const add = (first_job_index: number, count: number) =>
        system.post(`/cairn/iceprod/datasets/${id}/tasks`, { first_job_index, count, tasks });
      expect((await add(0, 620)).status).toBe(201);
      const empty = await newJob(system, id, { job_index: 620 });
      const half = await newJob(system, id, { job_index: 621 });
      const only = await newTask(system, id, { job_id: half, job_index: 621, task_index: 1, name: 'filter' });
      expect((await add(622, 620)).status).toBe(201);
      expect(await materialized(alice, id, { num: 2 })).toMatchObject({ status: 'complete', error_message: '' });
      expect((await alice.get(`/datasets/${id}/job_counts/status`)).json).toEqual({ processing: 1244 });
      expect((await alice.get(`/datasets/${id}/task_counts/status`)).json).toEqual({ idle: 2488 });
      const repaired = (await tasksOf(alice, id)).filter(({ job_id: job }) => [empty, half].includes(job));
      expect(repaired.toSorted(byPlace).map(({ job_index: job, name }) => [job, name])).toEqual([
        ...[620, 621].flatMap((job) => [
          [job, 'gen'],
          [job, 'filter'],
        ]),
      ]);
      expect(repaired.map(({ task_id: task }) => task)).toContain(only);
    });

    it('expands the requirements of the config for each job', async () => {
      const { alice } = cluster();
      const requirements = {
        ...{ memory: '$steering(mem)', time: '$eval(2 * $(job) + 1)', disk: "$sprintf('%d.5', $(task))", cpu: 2 },
        ...{ gpu: 1, os: ['$args(os)', 'x$(job)'], site: '$options(site)-$(debug)' },
        ...{ a: '$choice(7)', b: '$sum(1, 2.5)', c: '$len([1, 2, 3])', d: '$min(3, 1)', e: '$max(2, $(job))' },
        ...{ f: '$unknown(x)', g: '$(jobs_submitted)/$(tasks_submitted)', h: '007', i: 'abc' },
      };
      const config = {
        ...{ version: 3.2, description: 'd', options: { os: 'RHEL_9', site: 'here' } },
        steering: { parameters: { mem: '$eval($steering(base) * 1.5)', base: 3 } },
        tasks: [{ name: '', requirements, trays: [{ modules: [{}] }] }],
      };
      const id = await submitted(alice, { config: JSON.stringify(config), jobs_submitted: 4 });
      await materialized(alice, id, { num: '3' });
      const made = (await tasksOf(alice, id)).toSorted(byPlace);
      expect(made.map(({ name, requirements: of }) => [name, of])).toEqual(
        [0, 1, 2].map((job) => [
          '0',
          {
            ...{ memory: 4.5, time: 2 * job + 1, disk: 0.5, cpu: 2, gpu: 1, os: ['RHEL_9', `x${job}`] },
            ...{ site: 'here-False', a: 7, b: 3.5, c: 3, d: 1, e: Math.max(2, job), f: '$unknown(x)' },
            ...{ g: '4/4', h: 7, i: 'abc' },
          },
        ]),
      );
    });

    it('makes tasks depend on tasks of another dataset', async () => {
      const { alice } = cluster();
      const other = await submitted(alice);
      const config = {
        ...CONFIG,
        tasks: CONFIG.tasks.map((task) => ({ ...task, depends: [...(task.depends ?? []), `${other}:gen`] })),
      };
      const id = await submitted(alice, { config: JSON.stringify(config) });
      const early = await materialized(alice, id, { num: 1 });
      expect(early).toMatchObject({
        status: 'error',
        error_message: `dependency ${other}:gen has no task in job 0`,
      });
      expect(await tasksOf(alice, id)).toEqual([]);
      await materialized(alice, other);
      expect(await materialized(alice, id)).toMatchObject({ status: 'complete' });
      const others = (await tasksOf(alice, other)).filter(({ name }) => name === 'gen').toSorted(byPlace);
      const tasks = (await tasksOf(alice, id)).toSorted(byPlace);
      expect(tasks.map(({ depends }) => depends)).toEqual(
        others.flatMap(({ task_id: there }, job) => [[there], [tasks[2 * job]?.task_id, there]]),
      );
    });

    it('makes tasks wait only for tasks that the writer of the config may read, and shows these only to their readers', async () => {
      const { alice, bob, system } = cluster();
      const hidden = await submitted(alice, { extra_submit_fields: '{"auth_groups_read":[]}' });
      await materialized(alice, hidden);
      const [first] = (await tasksOf(alice, hidden)).toSorted(byPlace);
      const waitingFor = (word: string) => ({
        config: JSON.stringify({ ...CONFIG, tasks: CONFIG.tasks.map((task) => ({ ...task, depends: [word] })) }),
      });
      const ofBob = { group: 'users', jobs_submitted: 1 };
      const messageOf = async (word: string): Promise<string> => {
        const id = await submitted(bob, { ...ofBob, ...waitingFor(word) });
        const messages = [(await materialized(bob, id)).error_message, (await materialized(system, id)).error_message];
        expect(await tasksOf(bob, id)).toEqual([]);
        return [...new Set(messages)].join();
      };
      expect(await messageOf(`${hidden}:gen`)).toBe(`dependency ${hidden}:gen has no task in job 0`);
      expect(await messageOf('nobody:gen')).toBe('dependency nobody:gen has no task in job 0');
      expect(await messageOf(String(first?.task_id))).toBe(`dependency ${String(first?.task_id)} does not exist`);

      const open = await submitted(alice, { jobs_submitted: 1, ...waitingFor(`${hidden}:gen`) });
      expect(await materialized(system, open)).toMatchObject({ status: 'complete', error_message: '' });
      const [task] = await tasksOf(bob, open);
      const dependenciesOf = async (client: HttpClient) => {
        const { json } = await client.get(`/cairn/explain/units/${String(task?.task_id)}`);
        const { reason, dependencies } = json as { reason: string; dependencies: unknown };
        return { reason, dependencies };
      };
      expect(await dependenciesOf(alice)).toEqual({
        reason: `It waits for 1 task to complete, such as ${String(first?.task_id)} (idle).`,
        dependencies: { complete: false, open: 1, tasks: [{ task_id: first?.task_id, status: 'idle' }] },
      });
      expect(await dependenciesOf(bob)).toEqual({
        reason: 'It waits for 1 task to complete.',
        dependencies: { complete: false, open: 1, tasks: [] },
      });

      // An edit leaves the dependencies as they are, so they stay those of whoever wrote them; a new config is its writer's.
      const rule = { read_groups: ['users'], write_groups: ['simprod'], write_users: ['alice', 'bob'] };
      expect(await system.put(`/auths/${open}`, rule)).toEqual(done);
      await alice.put(`/datasets/${open}/jobs_submitted`, { jobs_submitted: 3 });
      const { config } = waitingFor(`${hidden}:gen`);
      expect(await carriedOut(bob, 'edit_config', { dataset_id: open, config })).toMatchObject({ error_message: '' });
      expect(await materialized(alice, open, { num: 1 })).toMatchObject({ error_message: '' });
      expect(await bob.put(`/config/${open}`, config)).toEqual(done);
      expect(await materialized(alice, open)).toMatchObject({
        error_message: `dependency ${hidden}:gen has no task in job 2`,
      });
    });

    it('is a new request once the previous one has ended', async () => {
      const { alice, bob } = cluster();
      const id = await submitted(alice);
      const request = await made(alice, 'materialization', { dataset_id: id });
      await settled(alice, 'materialization', request);
      expect(await alice.get(`/actions/materialization/datasets/${id}`)).toEqual(
        ok({ id: request, status: 'complete' }),
      );
      expect(await made(alice, 'materialization', { dataset_id: id })).not.toBe(request);
      expect(await bob.post(`/actions/materialization/datasets/${id}`)).toEqual(refused(403, 'authorization failed'));
    });

    it('fails without a dataset, without a config and with an unknown task status', async () => {
      const { alice, system } = cluster();
      expect(await materialized(system, 'nope')).toMatchObject({ status: 'error', error_message: 'Dataset not found' });
      const id = await newDataset(alice);
      expect(await materialized(alice, id)).toMatchObject({ status: 'error', error_message: 'Config not found' });
      expect(await materialized(alice, await submitted(alice), { num: 0, set_status: 'bogus' })).toMatchObject({
        ...{ status: 'error', error_message: 'set_status is not a valid task status' },
      });
      await alice.put(`/config/${id}`, CONFIG);
      expect(await materialized(alice, id)).toMatchObject({
        status: 'error',
        error_message: 'config has 2 tasks, but tasks_per_job is 3',
      });
    });

    it('is available on the route of old clients', async () => {
      const { alice, system, bob } = cluster();
      const id = await submitted(alice);
      expect(await alice.get(`/request/${id}/status`)).toEqual(refused(404, 'Request not found'));
      expect(await alice.post(`/request/${id}`, { more: 1 })).toEqual(refused(400, 'invalid params'));
      expect(await bob.post(`/request/${id}`)).toEqual(refused(403, 'authorization failed'));
      expect(await alice.post('/')).toEqual(refused(403, 'authorization failed'));
      const answer = await alice.post(`/request/${id}`, { num: 3 });
      const { result } = answer.json as { result: string };
      const document = {
        materialization_id: result,
        status: 'complete',
        create_timestamp: expect.stringMatching(TIMESTAMP) as string,
        modify_timestamp: expect.stringMatching(TIMESTAMP) as string,
        creator: 'alice',
        role: 'user',
        dataset_id: id,
        num: 3,
        set_status: 'idle',
      };
      await settled(alice, 'materialization', result);
      expect(await alice.get(`/request/${id}/status`)).toEqual(ok(document));
      expect(await system.get(`/status/${result}`)).toEqual(ok(document));
      expect(await alice.get(`/status/${result}`)).toEqual(refused(403, 'authorization failed'));
      expect(await system.get('/status/nope')).toEqual(refused(404, 'Request not found'));
      const all = await system.post('/', { num: 1 });
      expect(all).toEqual(created({ result: expect.stringMatching(ID) as string }));
      await settled(system, 'materialization', (all.json as { result: string }).result);
      expect((await alice.get(`/datasets/${id}/job_counts/status`)).json).toEqual({ processing: 4 });
    });
  });
};
