import { done, ok, refused } from '../answers.js';
import { type GetTestCluster } from '../../../harness/test-cluster.js';
import { newDataset, newJob, newTask, unsubmitted } from '../fixtures.js';

/** IceProd contract 2.3, 14 (PUT and GET of rules). */
export const accessRules = (cluster: GetTestCluster): void => {
  describe('access rules', () => {
    const denied = refused(403, 'authorization failed');

    it('are stored with the dataset', async () => {
      const { alice, admin } = cluster();
      const id = await newDataset(alice);
      expect(await admin.get(`/auths/${id}`)).toEqual(
        ok({
          read_groups: ['admin', 'simprod', 'users'],
          write_groups: ['admin', 'simprod'],
          read_users: ['alice'],
          write_users: ['alice'],
        }),
      );
      expect(await admin.get('/auths/nope')).toEqual(refused(404, 'Dataset not found'));
    });

    it('let the group users read but not write', async () => {
      const { alice, bob } = cluster();
      const id = await newDataset(alice, { group: 'users' });
      expect((await bob.get(`/datasets/${id}`)).status).toBe(200);
      expect(await bob.put(`/datasets/${id}/description`, { description: 'mine' })).toEqual(denied);
      expect(await alice.put(`/datasets/${id}/description`, { description: 'mine' })).toEqual(done);
    });

    it('refuse others on every route of a dataset, whatever they send', async () => {
      const { alice, bob } = cluster();
      const id = await newDataset(alice, { auth_groups_read: [] });
      const reads = [
        `/datasets/${id}`,
        `/config/${id}`,
        `/datasets/${id}/config`,
        `/datasets/${id}/jobs`,
        `/datasets/${id}/jobs?status=melted`,
        `/datasets/${id}/jobs?job_index=x`,
        `/datasets/${id}/jobs/j`,
        `/datasets/${id}/job_summaries/status`,
        `/datasets/${id}/job_counts/status`,
        `/datasets/${id}/tasks`,
        `/datasets/${id}/tasks?status=melted`,
        `/datasets/${id}/tasks/t`,
        `/datasets/${id}/task_summaries/status`,
        `/datasets/${id}/task_counts/status`,
        `/datasets/${id}/task_counts/status?gpu=maybe`,
        `/datasets/${id}/task_counts/name_status`,
        `/datasets/${id}/task_stats`,
        `/datasets/${id}/bulk/task_stats`,
        `/datasets/${id}/tasks/t/task_stats`,
        `/datasets/${id}/tasks/t/task_stats/s`,
      ];
      for (const path of reads) expect([path, await bob.get(path)]).toEqual([path, denied]);
      const writes = [
        ['PUT', `/datasets/${id}/status`],
        ['PUT', `/datasets/${id}/description`],
        ['PUT', `/datasets/${id}/priority`],
        ['PUT', `/datasets/${id}/jobs_submitted`],
        ['POST', `/datasets/${id}/dataset_actions/hard_reset`],
        ['POST', `/datasets/${id}/dataset_actions/truncate`],
        ['PUT', `/config/${id}`],
        ['PUT', `/datasets/${id}/config`],
        ['PUT', `/datasets/${id}/jobs/j/status`],
        ['POST', `/datasets/${id}/job_actions/bulk_status/complete`],
        ['POST', `/datasets/${id}/job_actions/bulk_suspend`],
        ['POST', `/datasets/${id}/job_actions/bulk_reset`],
        ['POST', `/datasets/${id}/job_actions/bulk_hard_reset`],
        ['PUT', `/datasets/${id}/tasks/t/status`],
        ['POST', `/datasets/${id}/task_actions/bulk_status/complete`],
        ['POST', `/datasets/${id}/task_actions/bulk_suspend`],
        ['POST', `/datasets/${id}/task_actions/bulk_reset`],
        ['POST', `/datasets/${id}/task_actions/bulk_hard_reset`],
        ['PATCH', `/datasets/${id}/task_actions/bulk_requirements/n`],
        ['POST', `/datasets/${id}/task_actions/bulk_requirements/n`],
      ] as const;
      for (const [method, path] of writes) {
        for (const body of ['{}', '{"status":7,"jobs":7,"tasks":7}', '{']) {
          const { status, reason } = await bob.send(method, path, { body });
          expect([method, path, body, status, reason]).toEqual([method, path, body, 403, 'authorization failed']);
        }
      }
    });

    it('reach no job, task, log, file or statistic of others by the path of an own dataset', async () => {
      const { alice, bob, system } = cluster();
      const [theirs, own] = [
        await newDataset(alice, { auth_groups_read: [] }),
        await newDataset(bob, { group: 'users' }),
      ];
      const job = await newJob(system, theirs);
      const task = await newTask(system, theirs, { job_id: job, requirements: { memory: 31.5 } });
      const idIn = ({ json }: { json: unknown }): string => (json as { result: string }).result;
      const ofTask = { dataset_id: theirs, task_id: task };
      const log = idIn(await system.post('/logs', { ...ofTask, name: 'stdout', data: 'secret' }));
      const stat = idIn(await system.post(`/tasks/${task}/task_stats`, { ...ofTask, hostname: 'secret' }));
      const file = { filename: 'gsiftp://secret', movement: 'input' };
      expect((await alice.post(`/datasets/${theirs}/files/${task}`, file)).status).toBe(201);
      const at = (path: string): string => `/datasets/${own}/${path}`;
      const state = async () =>
        JSON.stringify([
          ...[await alice.get(`/datasets/${theirs}/jobs`), await alice.get(`/datasets/${theirs}/tasks`)],
          ...[await alice.get(`/datasets/${theirs}/files/${task}`), await alice.get(`/datasets/${theirs}/logs/${log}`)],
          await alice.get(`/datasets/${theirs}/tasks/${task}/logs?keys=log_id`),
        ]);
      const before = await state();
      for (const path of [
        ...[`jobs/${job}`, `tasks/${task}`, `tasks?job_id=${job}`, `logs/${log}`, `tasks/${task}/logs`],
        ...[`tasks/${task}/task_stats`, `tasks/${task}/task_stats/${stat}`, `files/${task}`],
      ]) {
        const { json, status } = await bob.get(at(path));
        expect([path, status === 404 || ['{}', '{"files":[]}'].includes(JSON.stringify(json))]).toEqual([path, true]);
      }
      for (const [method, path, body] of [
        ...(['jobs', 'tasks'] as const).map((list) => {
          const id = list === 'jobs' ? job : task;
          return ['PUT', `${list}/${id}/status`, { status: 'suspended' }] as const;
        }),
        ['POST', 'job_actions/bulk_status/suspended', { jobs: [job] }],
        ['POST', 'job_actions/bulk_suspend', { jobs: [job] }],
        ['POST', 'task_actions/bulk_status/complete', { tasks: [task] }],
        ['POST', 'task_actions/bulk_suspend', { tasks: [task] }],
        ['POST', 'task_actions/bulk_suspend', { jobs: [job] }],
        ['POST', `files/${task}`, file],
        ['DELETE', `files/${task}`, {}],
        ['DELETE', `tasks/${task}/logs`, {}],
        ['POST', 'logs', { ...ofTask, log_id: log, name: 'stdout', data: 'forged' }],
      ] as const) {
        const { status } = await bob.send(method, at(path), { body: JSON.stringify(body) });
        expect([path, [200, 201, 404].includes(status)]).toEqual([path, true]);
      }
      expect(await state()).toBe(before);
    });

    it('answer users with 403 and services with 404 for missing datasets', async () => {
      const { alice, system, admin } = cluster();
      const id = unsubmitted();
      expect(await alice.get(`/datasets/${id}`)).toEqual(refused(403, 'attr not found'));
      expect(await alice.put(`/datasets/${id}/status`, { status: 'errors' })).toEqual(refused(403, 'attr not found'));
      expect(await alice.get(`/datasets/${id}/tasks`)).toEqual(refused(403, 'attr not found'));
      expect(await system.get(`/datasets/${id}`)).toEqual(refused(404, 'Dataset not found'));
      expect(await admin.get(`/datasets/${id}`)).toEqual(refused(404, 'Dataset not found'));
      expect(await admin.get(`/datasets/${id}/tasks`)).toEqual(ok({}));
    });

    it('apply in all services as soon as they are set', async () => {
      const { alice, bob, system, admin } = cluster();
      for (let round = 0; round < 5; round += 1) {
        const id = await newDataset(alice, { auth_groups_read: [] });
        const rule = { read_groups: ['users'], write_groups: ['simprod'] };
        expect(await system.put(`/auths/${id}`, rule)).toEqual(done);
        expect((await bob.get(`/datasets/${id}`)).status).toBe(200);
        expect(await bob.get(`/datasets/${id}/tasks`)).toEqual(ok({}));
        expect(await admin.get(`/auths/${id}`)).toEqual(ok({ ...rule, read_users: ['alice'], write_users: ['alice'] }));
        expect(await system.put(`/auths/${id}`, { ...rule, read_groups: [], read_users: [] })).toEqual(done);
        expect(await bob.get(`/datasets/${id}/jobs`)).toEqual(denied);
        expect(await alice.get(`/datasets/${id}/jobs`)).toEqual(denied);
      }
    });

    it('can be set for a dataset that was never submitted', async () => {
      const { bob, system } = cluster();
      const id = unsubmitted();
      expect(await system.put(`/auths/${id}`, { read_groups: ['users'], write_groups: [] })).toEqual(done);
      expect(await bob.get(`/datasets/${id}/jobs`)).toEqual(ok({}));
      expect(await bob.get(`/datasets/${id}`)).toEqual(refused(404, 'Dataset not found'));
    });

    it('are refused when they name unknown groups', async () => {
      const { system } = cluster();
      expect(await system.put('/auths/x', { write_groups: [] })).toEqual(refused(400, 'missing read_groups'));
      expect(await system.put('/auths/x', { read_groups: [] })).toEqual(refused(400, 'missing write_groups'));
      expect(await system.put('/auths/x', { read_groups: ['nope'], write_groups: [] })).toEqual(
        refused(400, 'invalid group name'),
      );
      expect((await system.put('/auths/x', { read_groups: 'users', write_groups: [] })).status).toBe(400);
    });
  });
};
