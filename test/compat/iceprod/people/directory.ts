import { jsonAnswer } from '../../../harness/http-client.js';
import { done, ok, refused } from '../answers.js';
import { type GetTestCluster } from '../../../harness/test-cluster.js';
import { ID, newDataset } from '../fixtures.js';

const BUILT_IN = [
  { name: 'admin', priority: 1 },
  { name: 'simprod', priority: 0.5 },
  { name: 'filtering', priority: 0.9 },
  { name: 'users', priority: 0.8 },
];

/** IceProd contract 13: roles and groups. */
export const directory = (cluster: GetTestCluster): void => {
  const remove = async (path: string) => jsonAnswer(await cluster().admin.send('DELETE', path, { body: '{}' }));

  describe('roles', () => {
    it('are the built-in ones and those that were added', async () => {
      const { admin, system } = cluster();
      expect(await admin.get('/roles')).toEqual(ok({ results: ['admin', 'user', 'system'] }));
      expect(await system.get('/roles/user')).toEqual(ok({ name: 'user' }));
      expect(await system.get('/roles/keeper')).toEqual(refused(404, 'Role not found'));
      expect(await admin.put('/roles/keeper', '{"name":"keeper","claims":[1.0]}')).toEqual(done);
      expect(await admin.put('/roles/clerk')).toEqual(done);
      expect((await system.send('GET', '/roles/keeper')).text).toBe('{"name":"keeper","claims":[1.0]}');
      expect(await admin.put('/roles/keeper', { other: 1 })).toEqual(done);
      expect(await system.get('/roles/keeper')).toEqual(ok({ name: 'keeper', other: 1 }));
      expect(await admin.get('/roles')).toEqual(ok({ results: ['admin', 'user', 'system', 'keeper', 'clerk'] }));
      expect(await remove('/roles/clerk')).toEqual(done);
      expect(await remove('/roles/clerk')).toEqual(done);
      expect(await admin.get('/roles')).toEqual(ok({ results: ['admin', 'user', 'system', 'keeper'] }));
    });

    it('refuse invalid documents', async () => {
      const { admin, system, alice } = cluster();
      expect(await admin.put('/roles/a', { name: 'b' })).toEqual(refused(400, 'role name mismatch'));
      expect((await admin.put('/roles/a', '[]')).status).toBe(400);
      for (const name of ['admin', 'user', 'system']) {
        expect((await admin.put(`/roles/${name}`)).status).toBe(400);
        expect((await remove(`/roles/${name}`)).status).toBe(400);
      }
      expect(await system.get('/roles')).toEqual(refused(403, 'authorization failed'));
      expect(await system.put('/roles/a')).toEqual(refused(403, 'authorization failed'));
      expect(await alice.get('/roles/user')).toEqual(refused(403, 'authorization failed'));
    });
  });

  describe('groups', () => {
    it('are the built-in ones and those that were added', async () => {
      const { admin, system } = cluster();
      expect(await system.get('/groups')).toEqual(ok({ results: BUILT_IN }));
      expect(await system.get('/groups/filtering')).toEqual(ok({ name: 'filtering', priority: 0.9 }));
      const answer = await admin.send('POST', '/groups', {
        body: '{"name":"/sim/atmo","priority":0.4,"quota":1.0,"group_id":"mine"}',
      });
      const { result } = JSON.parse(answer.text) as { result: string };
      expect({ status: answer.status, location: answer.headers.location }).toEqual({ status: 201, location: result });
      const id = result.replace('/groups/', '');
      expect(id).toMatch(ID);
      const text = `{"name":"/sim/atmo","priority":0.4,"group_id":"${id}","quota":1.0}`;
      for (const path of [`/groups/${id}`, '/groups/%2Fsim%2Fatmo', '/groups//sim/atmo']) {
        expect((await system.send('GET', path)).text).toBe(text);
      }
      expect(await system.get('/groups')).toEqual(ok({ results: [...BUILT_IN, JSON.parse(text)] }));
      expect(await system.get('/groups/sim/atmo')).toEqual(refused(404, 'Group not found'));
      expect(await admin.post('/groups', { name: '/sim/atmo' })).toEqual(refused(409, 'duplicate group'));
      expect(await admin.post('/groups', { name: 'users' })).toEqual(refused(409, 'duplicate group'));
      expect(await remove('/groups//sim/atmo')).toEqual(done);
      expect(await remove('/groups//sim/atmo')).toEqual(done);
      expect(await system.get(`/groups/${id}`)).toEqual(refused(404, 'Group not found'));
    });

    it('can be added and changed by name', async () => {
      const { admin, system } = cluster();
      expect(await admin.put('/groups/a%2Fb%20c', { name: 'a/b c', size: 3 })).toEqual(done);
      const { json } = await system.get('/groups/a/b%20c');
      expect(json).toEqual({
        name: 'a/b c',
        priority: 0.5,
        group_id: expect.stringMatching(ID) as string,
        size: 3,
      });
      expect(await admin.put('/groups/a/b%20c', { priority: 0.1, more: [] })).toEqual(done);
      const id = (json as { group_id: string }).group_id;
      expect(await system.get(`/groups/${id}`)).toEqual(
        ok({ name: 'a/b c', priority: 0.1, group_id: id, size: 3, more: [] }),
      );
      expect(await remove(`/groups/${id}`)).toEqual(done);
      expect(await system.get('/groups/a/b%20c')).toEqual(refused(404, 'Group not found'));
    });

    it('refuse invalid documents', async () => {
      const { admin, system, alice } = cluster();
      expect(await admin.post('/groups', { priority: 1 })).toEqual(refused(400, 'missing name'));
      for (const body of ['{"name":1}', '{"name":""}', '{"name":"x","priority":"high"}', '[]']) {
        expect((await admin.post('/groups', body)).status).toBe(400);
      }
      expect(await admin.put('/groups/a', { name: 'b' })).toEqual(refused(400, 'group name mismatch'));
      expect((await admin.put('/groups/users', { priority: 1 })).status).toBe(400);
      expect((await remove('/groups/users')).status).toBe(400);
      expect(await system.post('/groups', { name: 'x' })).toEqual(refused(403, 'authorization failed'));
      expect(await alice.get('/groups')).toEqual(refused(403, 'authorization failed'));
      expect(jsonAnswer(await admin.send('PATCH', '/groups/a/b', { body: '{}' }))).toEqual(
        refused(405, 'Method Not Allowed'),
      );
    });

    it('can own datasets and be in access rules only while they exist', async () => {
      const { admin, alice, anonymous, cairn } = cluster();
      const fields = { description: 'd', jobs_submitted: 1, tasks_submitted: 1, tasks_per_job: 1, group: 'atmo/nu' };
      expect(await alice.post('/datasets', fields)).toEqual(refused(400, 'invalid group'));
      await admin.put('/groups/atmo/nu');
      expect(await alice.post('/datasets', fields)).toEqual(refused(400, 'not a member of selected group'));
      const id = await newDataset(admin, { username: 'alice', group: 'atmo/nu', auth_groups_read: [] });
      const carol = anonymous.as(await cairn.token({ username: 'carol', roles: ['user'], groups: ['atmo/nu'] }));
      expect((await carol.get(`/datasets/${id}`)).json).toMatchObject({ group: 'atmo/nu' });
      expect(await carol.put(`/datasets/${id}/description`, { description: 'x' })).toEqual(done);
      expect(await admin.put(`/auths/${id}`, { read_groups: ['atmo/nu'], write_groups: [] })).toEqual(done);
      expect((await carol.put(`/datasets/${id}/description`, { description: 'y' })).status).toBe(403);
      await remove('/groups/atmo%2Fnu');
      expect(await admin.put(`/auths/${id}`, { read_groups: ['atmo/nu'], write_groups: [] })).toEqual(
        refused(400, 'invalid group name'),
      );
      expect(await alice.post('/datasets', fields)).toEqual(refused(400, 'invalid group'));
    });
  });
};
