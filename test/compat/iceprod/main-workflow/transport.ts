import { SignJWT } from 'jose';
import { jsonAnswer } from '../../../harness/http-client.js';
import { isRefusal, ok, refused } from '../answers.js';
import { type GetTestCluster, SHARED_SECRET } from '../../../harness/test-cluster.js';
import { newDataset, TIMESTAMP } from '../fixtures.js';

const sharedSecretToken = (claims: Readonly<Record<string, unknown>>, secret = SHARED_SECRET): Promise<string> => {
  const nowSeconds = Date.now() / 1000;
  return new SignJWT({ ...claims, iat: nowSeconds, exp: nowSeconds + 600.5 })
    .setProtectedHeader({ alg: 'HS512', typ: 'JWT' })
    .setIssuer('IceProd')
    .sign(new TextEncoder().encode(secret));
};

/** IceProd contract 1.1, 1.2, 2.1, 20. */
export const transport = (cluster: GetTestCluster): void => {
  describe('transport', () => {
    it('reports health without a token', async () => {
      const { status, reason, json } = await cluster().anonymous.get('/healthz');
      expect({ status, reason }).toEqual({ status: 200, reason: 'OK' });
      const time = expect.stringMatching(TIMESTAMP) as string;
      expect(json).toEqual({ now: time, num_requests: 0, start_time: time, last_run_time: '', last_success_time: '' });
    });

    it('answers JSON with the headers that IceProd sends', async () => {
      const { headers } = await cluster().admin.send('GET', '/datasets');
      expect(headers['content-type']).toBe('application/json; charset=UTF-8');
      expect(headers['cache-control']).toBe('no-store, no-cache, must-revalidate, max-age=0');
      expect(headers['server']).toMatch(/^IceProd\//);
    });

    it.each([
      ['PUT', '/healthz'],
      ['GET', '/'],
      ['DELETE', '/datasets'],
      ['POST', '/tasks/x'],
      ['GET', '/task_actions/waiting'],
    ])('refuses the wrong method %s %s before it reads the token', async (method, path) => {
      const answer = jsonAnswer(await cluster().anonymous.send(method, path));
      expect({ ...answer, isRefusal: isRefusal(answer, 405) }).toMatchObject({ isRefusal: true });
    });

    it('answers unknown paths with 404', async () => {
      for (const path of ['/nope', '/datasets/a/b/c', '/config']) {
        const answer = jsonAnswer(await cluster().admin.send('GET', path));
        expect({ ...answer, isRefusal: isRefusal(answer, 404) }).toMatchObject({ isRefusal: true });
      }
    });

    it('never redirects', async () => {
      expect((await cluster().admin.send('GET', '/datasets/')).status).not.toBeGreaterThanOrEqual(500);
      expect(String((await cluster().admin.send('GET', '/datasets/')).status)).not.toMatch(/^3/);
    });

    it('answers CORS preflights', async () => {
      const answer = await cluster().anonymous.send('OPTIONS', '/datasets', {
        headers: {
          origin: 'https://pages.example',
          'access-control-request-method': 'PATCH',
          'access-control-request-headers': 'authorization,content-type',
        },
      });
      expect(answer.status).toBeLessThan(300);
      expect(answer.headers['access-control-allow-origin']).toBeDefined();
      expect(String(answer.headers['access-control-allow-methods'])).toContain('PATCH');
      expect(String(answer.headers['access-control-allow-headers']).toLowerCase()).toContain('authorization');
    });

    it('sends CORS headers with errors', async () => {
      const { status, headers } = await cluster().anonymous.send('GET', '/datasets', {
        headers: { origin: 'https://pages.example' },
      });
      expect(status).toBe(403);
      expect(headers['access-control-allow-origin']).toBeDefined();
      for (const path of ['/%zz', '/tasks/%ff', `/tasks/${'x'.repeat(2000)}`]) {
        const unreadable = await cluster().admin.send('GET', path, { headers: { origin: 'https://pages.example' } });
        expect([path, unreadable.headers['access-control-allow-origin']]).toEqual([path, '*']);
        expect(unreadable.status).toBeGreaterThanOrEqual(400);
        expect(unreadable.status).toBeLessThan(500);
      }
    });

    it('refuses an endless upload as too large and keeps serving', async () => {
      const body = Buffer.concat([Buffer.from('{"data":"'), Buffer.alloc(129 * 1024 * 1024, 'x')]);
      for (const [method, path] of [
        ['PUT', '/config/too-large'],
        ['POST', '/logs'],
      ] as const) {
        expect(jsonAnswer(await cluster().admin.send(method, path, { body }))).toEqual(
          refused(413, 'Request body is too large'),
        );
      }
      expect((await cluster().anonymous.get('/healthz')).status).toBe(200);
    });

    it('refuses an invalid Idempotency-Key', async () => {
      const headers = { 'idempotency-key': 'not one' };
      const answer = jsonAnswer(await cluster().admin.send('POST', '/task_actions/waiting', { body: '{}', headers }));
      expect(answer).toEqual(refused(400, 'Idempotency-Key must be 1 to 255 visible ASCII characters'));
    });

    it.each([
      ['no JSON', '{'],
      ['an array', '[]'],
      ['a text', '"x"'],
      ['null', 'null'],
    ])('refuses a body that is %s', async (_, body) => {
      const answer = jsonAnswer(await cluster().admin.send('POST', '/jobs', { body }));
      expect({ ...answer, isRefusal: isRefusal(answer, 400) }).toMatchObject({ isRefusal: true });
    });

    it('reads a missing body as an empty object', async () => {
      expect(jsonAnswer(await cluster().admin.send('POST', '/jobs'))).toEqual(refused(400, 'missing key: dataset_id'));
      expect(jsonAnswer(await cluster().admin.send('POST', '/task_actions/waiting'))).toEqual(ok({ waiting: 0 }));
    });

    it('reads query parameters from the body too and uses the last of several', async () => {
      const datasetId = await newDataset(cluster().admin, { status: 'suspended' });
      const own = async (path: string, body?: string): Promise<boolean> => {
        const { json } = jsonAnswer(await cluster().admin.send('GET', path, { body }));
        return Object.keys(json as object).includes(datasetId);
      };
      expect(await own('/datasets', '{"status":"processing"}')).toBe(false);
      expect(await own('/datasets', '{"status":"suspended"}')).toBe(true);
      expect(await own('/datasets?status=processing&status=suspended')).toBe(true);
      expect(await own('/datasets?status=%20suspended%20')).toBe(true);
      expect(await own('/datasets?status=')).toBe(true);
      expect(await own('/datasets?status=suspended|processing')).toBe(true);
      expect(await own('/datasets?status=suspended%7Cprocessing')).toBe(true);
    });
  });

  describe('tokens', () => {
    const authenticationFailed = refused(403, 'authentication failed');
    const authorizationFailed = refused(403, 'authorization failed');

    it('are required', async () => {
      expect(await cluster().anonymous.get('/datasets')).toEqual(authenticationFailed);
      expect(await cluster().anonymous.post('/jobs', {})).toEqual(authenticationFailed);
    });

    it('must be intact, valid and sent as bearer tokens', async () => {
      const { cairn, anonymous } = cluster();
      const good = await cairn.token({ username: 'root', roles: ['admin'] });
      const expired = await cairn.token({ username: 'root', roles: ['admin'], lifetimeSeconds: -3600 });
      const [header = '', payload = '', signature = ''] = good.split('.');
      const forged = Buffer.from(JSON.stringify({ alg: 'none' })).toString('base64url');
      for (const bad of [
        '',
        'x',
        `${header}.${payload}`,
        `${header}.${payload}.x${signature}`,
        `${forged}.${payload}.`,
      ]) {
        expect(await anonymous.as(bad).get('/datasets')).toEqual(authenticationFailed);
      }
      expect(await anonymous.as(expired).get('/datasets')).toEqual(authenticationFailed);
      const withScheme = async (authorization: string): Promise<number> =>
        (await anonymous.send('GET', '/datasets', { headers: { authorization } })).status;
      expect(await withScheme(`Basic ${good}`)).toBe(403);
      expect(await withScheme(`bearer ${good}`)).toBe(200);
      expect(await withScheme(`BEARER ${good}`)).toBe(200);
    });

    it('must contain a role that the route accepts', async () => {
      const { nobody, alice, pilot, system } = cluster();
      expect(await nobody.get('/datasets')).toEqual(authorizationFailed);
      expect(await alice.post('/jobs', { bad: 'body' })).toEqual(authorizationFailed);
      expect(await alice.get('/tasks')).toEqual(authorizationFailed);
      expect(await alice.get('/users')).toEqual(authorizationFailed);
      expect(await alice.put('/auths/d', {})).toEqual(authorizationFailed);
      expect(await system.get('/auths/d')).toEqual(authorizationFailed);
      expect(await pilot.get('/datasets')).toEqual(authorizationFailed);
      expect(await pilot.post('/task_actions/queue', {})).toEqual(authorizationFailed);
      expect(await pilot.get('/tasks/nope')).toEqual(refused(404, 'Task not found'));
    });

    it('can be signed with the shared secret', async () => {
      const { anonymous } = cluster();
      const as = async (claims: Readonly<Record<string, unknown>>, secret?: string): Promise<number> =>
        (await anonymous.as(await sharedSecretToken(claims, secret)).get('/tasks?limit=1')).status;
      expect(await as({ sub: 'a', username: 'a', role: 'admin', groups: ['admin'], type: 'user' })).toBe(200);
      expect(await as({ sub: 'a', username: 'a', role: 'client', groups: [], type: 'system' })).toBe(200);
      expect(await as({ sub: 'a', username: 'a', role: 'anonymous', groups: [] })).toBe(403);
      expect(await as({ sub: 'a', resource_access: { iceprod: { roles: ['iceprod-system'] } } })).toBe(200);
      expect(await as({ sub: 'a', username: 'a', role: 'admin' }, 'another secret')).toBe(403);
    });
  });
};
