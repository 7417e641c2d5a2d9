import { jsonAnswer } from '../../../harness/http-client.js';
import { done, ok, refused } from '../answers.js';
import { type GetTestCluster } from '../../../harness/test-cluster.js';
import { ID, newDataset } from '../fixtures.js';

/** IceProd contract 13: users. */
export const people = (cluster: GetTestCluster): void => {
  const remove = async (path: string) => jsonAnswer(await cluster().admin.send('DELETE', path, { body: '{}' }));

  describe('users', () => {
    it('can be added with all fields', async () => {
      const { admin, system } = cluster();
      const answer = await admin.send('POST', '/users', {
        body: '{"username":"tux","roles":["user"],"groups":["anything"],"priority":0.7,"size":1.0,"user_id":"mine"}',
      });
      const { result } = JSON.parse(answer.text) as { result: string };
      expect({ status: answer.status, location: answer.headers.location }).toEqual({ status: 201, location: result });
      const id = result.replace('/users/', '');
      expect(id).toMatch(ID);
      const text = `{"user_id":"${id}","username":"tux","priority":0.7,"groups":["anything"],"roles":["user"],"size":1.0}`;
      expect((await system.send('GET', `/users/${id}`)).text).toBe(text);
      expect((await system.send('GET', '/users/tux')).text).toBe(text);
      expect(await system.get('/users?username=tux')).toEqual(ok({ results: [JSON.parse(text)] }));
      expect(jsonAnswer(await system.send('GET', '/users', { body: '{"username":"tux"}' }))).toEqual(
        ok({ results: [JSON.parse(text)] }),
      );
      expect(await admin.post('/users', { username: 'tux' })).toEqual(refused(400, 'duplicate username'));
      expect(await admin.put('/users/tux')).toEqual(refused(409, 'duplicate username'));
      expect(await remove(`/users/${id}`)).toEqual(done);
      expect(await remove(`/users/${id}`)).toEqual(done);
      expect(await system.get('/users/tux')).toEqual(refused(404, 'User not found'));
    });

    it('are named by the path, whatever the body says', async () => {
      const { admin, system } = cluster();
      expect(await admin.put('/users/a%2Fb%20c', '{"priority":1}')).toEqual(done);
      expect(await admin.put('/users/another', 'no JSON')).toEqual(done);
      expect(await system.get('/users/a%2Fb%20c')).toEqual(
        ok({
          user_id: expect.stringMatching(ID) as string,
          username: 'a/b c',
          priority: 0.5,
          groups: [],
          roles: [],
        }),
      );
      expect(await remove('/users/a%2Fb%20c')).toEqual(done);
      expect(await system.get('/users/a%2Fb%20c')).toEqual(refused(404, 'User not found'));
    });

    it('refuse invalid documents', async () => {
      const { admin, system, alice } = cluster();
      expect(await admin.post('/users', {})).toEqual(refused(400, 'missing username'));
      for (const body of ['{"username":1}', '{"username":"x","roles":"user"}', '{"username":""}', '']) {
        expect((await admin.post('/users', body)).status).toBe(400);
      }
      expect(await system.post('/users', { username: 'x' })).toEqual(refused(403, 'authorization failed'));
      expect(await system.put('/users/x')).toEqual(refused(403, 'authorization failed'));
      expect(await alice.get('/users/x')).toEqual(refused(403, 'authorization failed'));
    });

    it('have a priority from 0 to 1', async () => {
      const { admin, system } = cluster();
      await admin.put('/users/rank');
      for (const [priority, shown] of [
        [0, 0],
        [1, 1],
        [0.25, 0.25],
        ['0.75', 0.75],
      ] as const) {
        expect(await admin.put('/users/rank/priority', { priority })).toEqual(done);
        expect((await system.get('/users/rank')).json).toMatchObject({ priority: shown });
      }
      for (const priority of [-0.1, 1.1, 'x', '', ' ', null, true, [], '2']) {
        expect((await admin.put('/users/rank/priority', { priority })).status).toBe(400);
      }
      expect(await admin.put('/users/rank/priority', {})).toEqual(refused(400, 'missing priority in body'));
      expect(await admin.put('/users/nobody-here/priority', { priority: 1 })).toEqual(refused(400, 'bad username'));
      expect((await system.get('/users/rank')).json).toMatchObject({ priority: 0.75 });
    });

    it('have groups', async () => {
      const { admin, system } = cluster();
      await admin.put('/users/member');
      await admin.put('/groups/their/own');
      expect(await system.get('/users/member/groups')).toEqual(ok({ results: [] }));
      expect(await admin.post('/users/member/groups', { group: 'their/own' })).toEqual(done);
      expect(await admin.post('/users/member/groups', { group: 'users' })).toEqual(done);
      expect(await admin.post('/users/member/groups', { group: 'users' })).toEqual(done);
      expect(await system.get('/users/member/groups')).toEqual(ok({ results: ['their/own', 'users'] }));
      expect(await admin.put('/users/member/groups', { groups: ['simprod'] })).toEqual(done);
      const { user_id: id } = (await system.get('/users/member')).json as { user_id: string };
      expect(await system.get(`/users/${id}/groups`)).toEqual(ok({ results: ['simprod'] }));
      expect(await admin.post('/users/member/groups', {})).toEqual(refused(400, 'missing group'));
      expect(await admin.post('/users/member/groups', { group: 'nope' })).toEqual(refused(400, 'invalid group'));
      expect(await admin.put('/users/member/groups', { groups: ['users', 'nope'] })).toEqual(
        refused(400, 'invalid group'),
      );
      expect(await admin.put('/users/member/groups', {})).toEqual(refused(400, 'missing groups'));
      for (const call of [
        system.get('/users/nobody-here/groups'),
        admin.post('/users/nobody-here/groups', { group: 'users' }),
        admin.put('/users/nobody-here/groups', { groups: [] }),
        admin.put('/users/nobody-here/roles', { roles: [] }),
      ]) {
        expect(await call).toEqual(refused(404, 'User not found'));
      }
    });

    it('have roles', async () => {
      const { admin, system } = cluster();
      await admin.put('/users/actor');
      await admin.put('/roles/director');
      expect(await admin.put('/users/actor/roles', { roles: ['user', 'director'] })).toEqual(done);
      expect((await system.get('/users/actor')).json).toMatchObject({ roles: ['user', 'director'] });
      expect(await admin.put('/users/actor/roles', {})).toEqual(refused(400, 'missing roles'));
      for (const roles of [['nope'], 'user', [1]]) {
        expect(await admin.put('/users/actor/roles', { roles })).toEqual(refused(400, 'invalid role name'));
      }
      expect((await system.get('/users/actor')).json).toMatchObject({ roles: ['user', 'director'] });
    });

    it('have a record once they submit a dataset, also after it was deleted', async () => {
      const { admin, system, anonymous, cairn } = cluster();
      const withNewToken = async () => anonymous.as(await cairn.token({ username: 'phoenix', roles: ['user'] }));
      const phoenix = await withNewToken();
      await newDataset(phoenix, { group: 'users' });
      await newDataset(phoenix, { group: 'users' });
      const listed = async () => (await system.get('/users?username=phoenix')).json as { results: object[] };
      expect((await listed()).results).toHaveLength(1);
      expect(await admin.put('/users/phoenix')).toEqual(refused(409, 'duplicate username'));
      expect(await admin.put('/users/phoenix/priority', { priority: 0.9 })).toEqual(done);
      expect((await listed()).results).toMatchObject([{ username: 'phoenix', priority: 0.9 }]);
      expect(await remove('/users/phoenix')).toEqual(done);
      expect(await system.get('/users/phoenix')).toEqual(refused(404, 'User not found'));
      await newDataset(await withNewToken(), { group: 'users' });
      expect((await listed()).results).toMatchObject([{ username: 'phoenix', priority: 0.5, groups: [], roles: [] }]);
    });
  });
};
