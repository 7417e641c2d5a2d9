import { done, refused } from '../answers.js';
import { type GetTestCluster } from '../../../harness/test-cluster.js';
import { newDataset } from '../fixtures.js';

/** IceProd contract 14. */
export const accessQuestions = (cluster: GetTestCluster): void => {
  describe('access queries', () => {
    it('are answered for the named user', async () => {
      const { admin, system, alice } = cluster();
      const value = await newDataset(alice, { auth_groups_read: [] });
      const question = { name: 'dataset_id', value, role: 'read', username: 'bob', groups: ['simprod'] };
      const ask = (changes: object) => system.post('/auths', { ...question, ...changes });
      expect(await ask({})).toEqual(done);
      expect(await ask({ role: 'write' })).toEqual(done);
      expect(await ask({ groups: ['users'] })).toEqual(refused(403, 'authorization failed'));
      expect(await ask({ groups: [], username: 'alice', role: 'write' })).toEqual(done);
      expect(await ask({ value: 'nope' })).toEqual(refused(403, 'attr not found'));
      expect(await ask({ name: 'job_id' })).toEqual(refused(403, 'attr not found'));
      expect(await ask({ role: 'admin' })).toEqual(refused(403, 'role not found'));
      // The caller is an administrator, which does not matter for the named user.
      expect(await admin.post('/auths', { ...question, username: 'root', groups: [] })).toEqual(
        refused(403, 'authorization failed'),
      );
      for (const key of ['name', 'value', 'role', 'username', 'groups']) {
        expect(await ask({ [key]: undefined })).toEqual(refused(400, `missing key: ${key}`));
        expect((await ask({ [key]: 1 })).status).toBe(400);
      }
      expect(await alice.post('/auths', question)).toEqual(refused(403, 'authorization failed'));
    });

    it('are answered for the caller, without requiring a role', async () => {
      const { admin, system, alice, bob, nobody, pilot, anonymous } = cluster();
      const id = await newDataset(alice, { auth_groups_read: [] });
      for (const action of ['read', 'write']) {
        const path = `/auths/${id}/actions/${action}`;
        for (const client of [admin, system, alice]) expect(await client.get(path)).toEqual(done);
        for (const client of [bob, nobody, pilot]) expect(await client.get(path)).toEqual(refused(403, 'Denied'));
        expect(await anonymous.get(path)).toEqual(refused(403, 'authentication failed'));
        expect(await bob.get(`/auths/nope/actions/${action}`)).toEqual(refused(403, 'Dataset not found'));
        expect(await admin.get(`/auths/nope/actions/${action}`)).toEqual(done);
      }
      expect(await nobody.get(`/auths/${id}/actions/delete`)).toEqual(refused(400, 'invalid action'));
      expect(await anonymous.get(`/auths/${id}/actions/delete`)).toEqual(refused(403, 'authentication failed'));
      expect(await alice.put(`/auths/${id}/actions/read`)).toEqual(refused(405, 'Method Not Allowed'));
    });
  });
};
