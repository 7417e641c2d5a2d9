import { done, ok, refused } from '../answers.js';
import { type GetTestCluster } from '../../../harness/test-cluster.js';
import { newDataset, unsubmitted } from '../fixtures.js';

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
