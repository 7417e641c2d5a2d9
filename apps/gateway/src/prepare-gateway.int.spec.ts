import { Controller, Get, type Type } from '@nestjs/common';
import { PATH_METADATA } from '@nestjs/common/internal';
import { ModulesContainer } from '@nestjs/core';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { request } from 'node:http';
import { connect, type Socket } from 'node:net';
import type { Answer, Message, Nothing, Page } from '#bus/contract.js';
import { ChangeDataset, AuthorizeAccess, ListDatasets, PutConfig, SubmitDataset } from '#contracts/iceprod/datasets.js';
import { WaitForPosition } from '#bus/visibility.js';
import { LocateUnit } from '#contracts/cairn/history.js';
import { ReadTimeline } from '#contracts/cairn/timelines.js';
import {
  AddTasks,
  AmendTask,
  ClaimTasks,
  ExportTaskStats,
  GetTask,
  ListTasks,
  SummarizeTasks,
} from '#contracts/iceprod/tasks.js';
import { ListUsers } from '#contracts/iceprod/users.js';
import { DIALECTS } from './dialects.js';
import { templateOf } from './route/openapi.js';
import { routerPathOf } from './route/serves.decorator.js';
import { type Answered, httpCall } from './testing/http-call.js';
import { Answers, startGateway, tokenOf, type RunningGateway } from './testing/start-gateway.js';

/** The last message to the services, and how many there were. */
const asked = { last: undefined as Message<unknown> | undefined, pages: 0, accessChecks: 0 };

const remember = <Request, Reply>(message: Message<Request>, answer: Answer<Reply>): Answer<Reply> => {
  asked.last = message;
  return answer;
};

const failWith = (kind: 'forbidden' | 'not-found' | 'state', message: string) => ({
  error: { kind, code: 'test.refused', message },
});

const PAGES = 400;
const ENTRY = 'x'.repeat(1000);

/** Stands in for the services: enough to see how the gateway translates requests and replies. */
@Controller()
class Services {
  @Answers(GetTask)
  getTask(message: Message<{ task_id: string }>): Answer<{ document: string }> {
    const { task_id } = message.request;
    if (task_id === 'broken') throw new Error('secret detail');
    if (task_id === 'evil') return failWith('not-found', 'no\r\nX-Evil: 1 → 🗻');
    return remember(message, { reply: { document: `{"task_id":${JSON.stringify(task_id)},"walltime":1.0}` } });
  }

  @Answers(AmendTask)
  updateTask(message: Message<{ task_id: string; fields: string }>): Answer<{ document: string }> {
    return remember(message, { reply: { document: message.request.fields } });
  }

  @Answers(ClaimTasks)
  claim(message: Message<unknown>): Answer<{ documents: readonly string[] }> {
    return remember(message, { reply: { documents: ['{"task_id":"a"}', '{"task_id":"b"}'] } });
  }

  @Answers(AddTasks)
  addTasks(message: Message<unknown>): Answer<{ jobs: number; tasks: number }> {
    return remember(message, { reply: { jobs: 2, tasks: 4 } });
  }

  @Answers(SubmitDataset)
  submit(message: Message<unknown>): Answer<{ dataset_id: string }> {
    return remember(message, { reply: { dataset_id: 'd1' }, position: 5 });
  }

  @Answers(ListDatasets)
  list(message: Message<{ limit?: number }>): Answer<Page> {
    const rest = message.request.limit === undefined ? {} : { after: 'b', position: 7 };
    return remember(message, { reply: { entries: ['"a":{}', '"b":{}'], ...rest } });
  }

  @Answers(ListUsers)
  users(message: Message<unknown>): Answer<{ document: string }> {
    return remember(message, { reply: { document: '{"results":[]}' } });
  }

  @Answers(ChangeDataset)
  change(message: Message<unknown>): Answer<Nothing> {
    return remember(message, { reply: {} });
  }

  @Answers(PutConfig)
  putConfig(message: Message<unknown>): Answer<Nothing> {
    return remember(message, { reply: {} });
  }

  @Answers(AuthorizeAccess)
  authorize({ request: { dataset_id } }: Message<{ dataset_id: string }>): Answer<Nothing> {
    asked.accessChecks += 1;
    return dataset_id === 'mine' ? { reply: {} } : failWith('forbidden', 'attr not found');
  }

  @Answers(ListTasks)
  listTasks({ request }: Message<{ dataset_id: string; cursor?: string }>): Answer<Page> {
    if (request.dataset_id === 'unknown') return failWith('forbidden', 'attr not found');
    const page = Number(request.cursor ?? '0');
    asked.pages += 1;
    if (request.dataset_id === 'failing' && page === 2) return failWith('state', 'gone meanwhile');
    const entries = Array.from({ length: 100 }, (_, index) => `"${page}-${index}":"${ENTRY}"`);
    return { reply: page === PAGES - 1 ? { entries } : { entries, next: String(page + 1) } };
  }

  @Answers(SummarizeTasks)
  summarize({ request: { cursor } }: Message<{ dataset_id: string; cursor?: string }>): Answer<Page> {
    return cursor === undefined
      ? { reply: { entries: ['["idle",["a"]]', '["failed",["b"]]'], next: '1' } }
      : { reply: { entries: ['["failed",["c"]]'] } };
  }

  @Answers(ExportTaskStats)
  exportStats(message: Message<unknown>): Answer<Page> {
    return remember(message, { reply: { entries: ['{"task_stat_id":"1"}', '{\n "task_stat_id": "2"\n}'] } });
  }

  @Answers(WaitForPosition('tasks'))
  tasksReached(): Answer<Nothing> {
    return { reply: {} };
  }

  @Answers(WaitForPosition('auth'))
  authReached(): Answer<Nothing> {
    return { reply: {} };
  }

  @Answers(LocateUnit)
  locate(): Answer<{ stream: string; ordinal: number }> {
    return failWith('not-found', 'Unit not found');
  }

  @Answers(ReadTimeline)
  timeline(): Answer<Page> {
    return failWith('not-found', 'Unit not found');
  }
}

/** A route that somebody forgot to declare. */
@Controller()
class Forgotten {
  @Get('/forgotten')
  open(): string {
    return 'secret';
  }
}

describe('the gateway over HTTP', () => {
  let gateway: RunningGateway;
  let admin: string;
  let user: string;
  let pilot: string;

  beforeAll(async () => {
    gateway = await startGateway([Services, Forgotten]);
    [admin, user, pilot] = await Promise.all([
      tokenOf('root', 'admin'),
      tokenOf('pingu', 'user', ['users']),
      tokenOf('worker', 'pilot'),
    ]);
  });

  afterAll(() => gateway.close());

  const ask = (
    method: string,
    path: string,
    {
      token = admin,
      body,
      headers = {},
    }: { token?: string | null; body?: string | Buffer; headers?: Readonly<Record<string, string>> } = {},
  ): Promise<Answered> =>
    httpCall(method, `${gateway.url}${path}`, {
      ...(body !== undefined && { body }),
      headers: {
        'content-type': 'application/json',
        ...(token !== null && { authorization: `Bearer ${token}` }),
        ...headers,
      },
    });

  const expectError = (answered: Answered, status: number, text: string): void => {
    expect({ status: answered.status, reason: answered.reason, body: JSON.parse(answered.body) as unknown }).toEqual({
      status,
      reason: text,
      body: { code: status, error: text },
    });
  };

  describe('paths and verbs', () => {
    it('answers unknown paths in the dialect’s shape', async () => {
      expectError(await ask('GET', '/nothing/here', { token: null }), 404, 'Not Found');
      for (const path of ['/tasks/', '/datasets/', '/datasets//', '/config/', '/groups/']) {
        for (const token of [null, admin]) expectError(await ask('GET', path, { token }), 404, 'Not Found');
      }
      const cairn = await ask('GET', '/cairn/nothing', { token: null });
      expect(cairn.status).toBe(404);
      expect(cairn.headers['content-type']).toMatch(/^application\/problem\+json/);
    });

    it('answers a wrong verb before it looks at the token', async () => {
      const answered = await ask('PUT', '/tasks/x', { token: null, body: '{}' });
      expectError(answered, 405, 'Method Not Allowed');
      expect(answered.headers['allow']).toBe('GET, HEAD, PATCH');
      expectError(await ask('PUT', '/healthz', { token: null }), 405, 'Method Not Allowed');
      expectError(await ask('PATCH', '/users', { token: null, body: '{}' }), 405, 'Method Not Allowed');
      expect((await ask('HEAD', '/task_actions/waiting')).status).toBe(405);
    });

    it('refuses what no URL can be', async () => {
      const answered = await ask('GET', '/tasks/%zz');
      expect(answered.status).toBe(400);
      expect(JSON.parse(answered.body)).toMatchObject({ code: 400 });
    });

    it('refuses a request that does not say whom it is for', async () => {
      const socket = connect(Number(new URL(gateway.url).port), '127.0.0.1');
      socket.end('GET /tasks/x HTTP/1.1\r\nConnection: close\r\n\r\n');
      let text = '';
      socket.on('data', (chunk: Buffer) => (text += chunk.toString()));
      await once(socket, 'close');
      expect(text).toMatch(/^HTTP\/1\.1 400 missing Host header\r\n/);
      expect(text).toMatch(/\{"code":400,"error":"missing Host header"\}$/);
    });

    it('takes duplicate slashes as one and decodes path parameters', async () => {
      expect((await ask('GET', '//tasks//a%2Fb%20c')).body).toBe('{"task_id":"a/b c","walltime":1.0}');
    });

    it('does not serve routes that are not declared', async () => {
      expectError(await ask('GET', '/forgotten'), 404, 'Not Found');
    });

    it('declares a policy for every route of every controller', () => {
      const served = new Set(DIALECTS.routes.map(({ method, path }) => `${method} ${path}`));
      const methodsOf = ({ prototype }: { readonly prototype: object }): readonly object[] =>
        Object.entries(Object.getOwnPropertyDescriptors(prototype))
          .filter(([name]) => name !== 'constructor')
          .map(([, { value }]): unknown => value)
          .filter((value): value is object => typeof value === 'function');
      const found = [...gateway.app.get(ModulesContainer).values()]
        .flatMap(({ controllers }) => [...controllers.values()])
        .flatMap(({ metatype }) => (typeof metatype === 'function' ? methodsOf(metatype as Type) : []))
        .filter((method) => Reflect.hasMetadata(PATH_METADATA, method))
        .map((method) => Reflect.getMetadata(PATH_METADATA, method) as string);
      // Others are served by their dialect's protocol.
      const ofControllers = DIALECTS.routes.filter((route) => DIALECTS.of(route).protocol === undefined);
      expect(found.length).toBe(ofControllers.length + 1);
      const paths = new Set(DIALECTS.routes.map(routerPathOf));
      expect(found.filter((path) => !paths.has(path))).toEqual(['/forgotten']);
      expect(served.size).toBe(DIALECTS.routes.length);
    });
  });

  describe('tokens and roles', () => {
    it('rejects requests that it cannot authenticate with 403', async () => {
      expectError(await ask('GET', '/tasks/x', { token: null }), 403, 'authentication failed');
      expectError(await ask('GET', '/tasks/x', { token: 'a.b.c' }), 403, 'authentication failed');
      const cairn = await ask('GET', '/cairn/history/units/x', { token: null });
      expect(cairn.status).toBe(401);
    });

    it('rejects roles that the route does not allow', async () => {
      expectError(await ask('POST', '/jobs', { token: user, body: '{}' }), 403, 'authorization failed');
      expectError(await ask('GET', '/datasets', { token: pilot }), 403, 'authorization failed');
    });

    it('passes the caller to the services, with the roles that the route allows', async () => {
      await ask('GET', '/tasks/x', { token: pilot, headers: { 'x-correlation-id': 'abc-1' } });
      expect(asked.last?.context).toMatchObject({
        caller: { username: 'worker', roles: ['pilot'] },
        correlationId: 'abc-1',
        dialect: 'iceprod',
      });
    });

    it('gives no command id to requests without an idempotency key', async () => {
      await ask('PATCH', '/tasks/x', { body: '{"a":1}' });
      expect(asked.last?.context).not.toHaveProperty('commandId');
    });

    it('knows a repeated request by its idempotency key, per path', async () => {
      const commandId = async (path: string, key: string): Promise<string | undefined> => {
        await ask('PATCH', path, { body: '{"a":1}', headers: { 'idempotency-key': key } });
        return asked.last?.context.commandId;
      };
      const first = await commandId('/tasks/x', 'key-1');
      expect(await commandId('/tasks/x', 'key-1')).toBe(first);
      expect(await commandId('/tasks/x', 'key-2')).not.toBe(first);
      expect(await commandId('/tasks/y', 'key-1')).not.toBe(first);
      expect(await commandId('/tasks/x?again=1', 'key-1')).toBe(first);
    });

    it('rejects an unusable idempotency key instead of ignoring it', async () => {
      const named = (key: string, method = 'PATCH') =>
        ask(method, '/tasks/x', { body: '{"a":1}', headers: { 'idempotency-key': key } });
      const text = 'Idempotency-Key must be 1 to 255 visible ASCII characters';
      for (const key of ['a b', 'x'.repeat(256), 'é']) expectError(await named(key), 400, text);
      for (const key of ['', 'x'.repeat(255), '"quoted"']) expect((await named(key)).status).toBe(200);
      expect((await named('a b', 'GET')).status).toBe(200);
    });

    it('tells a named request from others with the same key', async () => {
      const requestHash = async (path: string, body: string): Promise<string | undefined> => {
        await ask('PATCH', path, { body, headers: { 'idempotency-key': 'key-1' } });
        return asked.last?.context.requestHash;
      };
      const first = await requestHash('/tasks/x', '{"a":1}');
      expect(first).toEqual(expect.any(String));
      expect(await requestHash('/tasks/x', '{"a":1}')).toBe(first);
      expect(await requestHash('/tasks/x', '{"a":2}')).not.toBe(first);
      expect(await requestHash('/tasks/x?again=1', '{"a":1}')).not.toBe(first);
      await ask('PATCH', '/tasks/x', { body: '{"a":1}' });
      expect(asked.last?.context.requestHash).toBeUndefined();
    });

    it('does not read the body of somebody who may not send it', async () => {
      const answered = await new Promise<number>((resolve, reject) => {
        const outgoing = request(`${gateway.url}/jobs`, { method: 'POST' }, (response) => {
          resolve(response.statusCode ?? 0);
          outgoing.destroy();
        });
        outgoing.on('error', reject);
        // The body never ends.
        outgoing.write('{"a": ');
      });
      expect(answered).toBe(403);
    });
  });

  describe('answers', () => {
    it('have the headers that IceProd sends', async () => {
      const { headers, body } = await ask('GET', '/tasks/x');
      expect(body).toBe('{"task_id":"x","walltime":1.0}');
      expect(headers).toMatchObject({
        'content-type': 'application/json; charset=UTF-8',
        'cache-control': 'no-store, no-cache, must-revalidate, max-age=0',
        'content-security-policy': "default-src 'none'; frame-ancestors 'none';",
      });
      expect(headers['server']).toMatch(/^IceProd\//);
    });

    it('put the error text into the status line, made harmless', async () => {
      const answered = await ask('GET', '/tasks/evil');
      expect(answered.status).toBe(404);
      expect(answered.reason).toBe('no X-Evil: 1 ? ?');
      expect(answered.headers['x-evil']).toBeUndefined();
      expect(JSON.parse(answered.body)).toEqual({ code: 404, error: 'no\r\nX-Evil: 1 → 🗻' });
    });

    it('reveal nothing internal', async () => {
      expectError(await ask('GET', '/tasks/broken?code=typed-by-a-person'), 500, 'Internal Server Error');
      expect(gateway.logged()).toContain('secret detail');
      expect(gateway.logged()).toMatch(/"path":"\/tasks\/broken".*"request failed"/);
      expect(gateway.logged()).not.toContain('typed-by-a-person');
    });

    it('say when to come again if a service does not answer', async () => {
      const answered = await ask('GET', '/jobs/x');
      expect(answered.status).toBe(503);
      expect(answered.headers['retry-after']).toBe('1');
    });

    it('carry CORS headers, errors too, and preflights are answered', async () => {
      const headers = { origin: 'https://monitor.example' };
      const allowed = { 'access-control-allow-origin': '*' };
      expect((await ask('GET', '/tasks/x', { headers })).headers).toMatchObject(allowed);
      expect((await ask('GET', '/tasks/x', { headers, token: null })).headers).toMatchObject(allowed);
      expect((await ask('GET', '/nothing', { headers })).headers).toMatchObject(allowed);
      expect((await ask('GET', '/tasks/%zz', { headers })).headers).toMatchObject(allowed);
      expect((await ask('GET', `/tasks/${'x'.repeat(2000)}`, { headers })).headers).toMatchObject(allowed);
      const preflight = await ask('OPTIONS', '/tasks/x', {
        token: null,
        headers: { ...headers, 'access-control-request-method': 'PATCH' },
      });
      expect(preflight.status).toBe(200);
      expect(preflight.headers['access-control-allow-methods']).toContain('PATCH');
      expect(preflight.headers['access-control-allow-headers']).toContain('Authorization');
    });

    it('are problem details on Cairn’s own routes', async () => {
      const answered = await ask('GET', '/cairn/history/units/x');
      expect(answered.status).toBe(404);
      expect(JSON.parse(answered.body)).toEqual({
        type: 'urn:cairn:error:test.refused',
        title: 'Not Found',
        status: 404,
        detail: 'Unit not found',
      });
    });

    it('survive a client that speaks no HTTP', async () => {
      const socket = connect(Number(new URL(gateway.url).port), '127.0.0.1');
      socket.end('hello\r\n\r\n');
      let text = '';
      socket.on('data', (chunk: Buffer) => (text += chunk.toString()));
      await once(socket, 'close');
      expect(text).toMatch(/^HTTP\/1\.1 400 Bad Request/);
    });
  });

  describe('bodies', () => {
    it('may be missing in spite of a content type', async () => {
      expectError(await ask('PATCH', '/tasks/x'), 400, 'Missing update data');
      expect((await ask('POST', '/task_actions/queue_many')).body).toBe('[{"task_id":"a"},{"task_id":"b"}]');
      expect((await ask('POST', '/datasets/d/dataset_actions/hard_reset')).body).toBe('{}');
    });

    it.each([
      ['broken JSON', '{"a":', 'body is not valid JSON'],
      ['no object', '[1]', 'body is not a JSON object'],
      ['null', 'null', 'body is not a JSON object'],
      ['broken UTF-8', Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]), 'body is not UTF-8'],
    ])('are refused when they are %s', async (_what, body, text) => {
      expectError(await ask('PATCH', '/tasks/x', { body }), 400, text);
      expectError(await ask('PUT', '/config/x', { body }), 400, text);
    });

    it('are handed on to the letter where they are documents', async () => {
      const body = '{"b": 1.0, "a":12345678901234567890,\n "c": {"d": [1e5]}}';
      expect((await ask('PATCH', '/tasks/x', { body })).body).toBe(body);
      expect((await ask('PUT', '/datasets/x/config', { body })).body).toBe('{}');
      expect(asked.last?.request).toEqual({ dataset_id: 'x', config: body });
    });

    it('are read whatever their type is said to be', async () => {
      const body = '{"a":1}';
      expect((await ask('PATCH', '/tasks/x', { body, headers: { 'content-type': 'text/plain' } })).body).toBe(body);
    });

    it('may be large, but not without end', async () => {
      const config = JSON.stringify({ text: 'x'.repeat(3 * 1024 * 1024) });
      const sentMs = Date.now();
      expect((await ask('PUT', '/config/x', { body: config })).status).toBe(200);
      // The service gets more time for it.
      expect(asked.last?.context.deadlineMs).toBeGreaterThan(sentMs + 5_000 + 700);
      const refused = await ask('PUT', '/config/x', {
        headers: { 'content-length': String(200 * 1024 * 1024), connection: 'close' },
      }).catch((error: unknown) => error);
      expect(refused).toMatchObject({ status: 413 });
    });

    it('are small where nobody shows a token', async () => {
      const body = ' '.repeat(64 * 1024 + 1);
      for (const path of ['/ldap', '/auth/realms/r/protocol/openid-connect/token']) {
        expectError(await ask('POST', path, { token: null, body }), 413, 'Request body is too large');
      }
    });

    it('are let through when they are too large, so that who sends all before it reads gets the answer', async () => {
      const bytes = 140 * 1024 * 1024;
      const socket = connect(Number(new URL(gateway.url).port), '127.0.0.1');
      socket.pause();
      socket.write(
        `PUT /config/x HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${admin}\r\nContent-Length: ${bytes}\r\n\r\n`,
      );
      const piece = Buffer.alloc(1024 * 1024, ' ');
      for (let sent = 0; sent < bytes; sent += piece.length) if (!socket.write(piece)) await once(socket, 'drain');
      const [answer] = (await once(socket.resume(), 'data')) as [Buffer];
      expect(answer.toString()).toMatch(/^HTTP\/1\.1 413 /);
      socket.destroy();
    });

    it('may carry the arguments of a GET', async () => {
      expect((await ask('GET', '/users', { body: '{"username":"pingu"}' })).status).toBe(200);
      expect(asked.last?.request).toEqual({ username: 'pingu' });
      const list = '{"status":["processing",7,null,[["errors"]]]}';
      expect((await ask('GET', '/datasets', { body: list })).status).toBe(200);
      expect(asked.last?.request).toEqual({ statuses: ['processing', '7', '', ''] });
    });

    it('are not nested without end: what is stored must be read by every client', async () => {
      const nested = (levels: number): string => `{"a":${'['.repeat(levels - 1)}${']'.repeat(levels - 1)}}`;
      const reason = 'body is nested deeper than 100 levels';
      for (const levels of [101, 200_000]) {
        expectError(await ask('PATCH', '/grids/a', { body: nested(levels) }), 400, reason);
        expectError(await ask('GET', '/users', { body: nested(levels) }), 400, reason);
      }
      expect((await ask('GET', '/users', { body: nested(100) })).status).toBe(200);
    });

    it('have no half characters in texts: stored, they would become others', async () => {
      const named = (name: string) => ask('PUT', '/pilots/a/tasks', { body: `{"tasks":["${name}"]}` });
      const queue = (host: string): string =>
        `{"queue_host":"${host}","queue_version":"1","version":"1","resources":{}}`;
      const reason = 'key "queue_host" should be of type str';
      expectError(await ask('POST', '/pilots', { body: queue('\\ud800') }), 400, reason);
      expectError(await named('\\udfff'), 400, 'key "tasks" should be of type list');
      // The pair is one character; there is just no pilots service here.
      expect((await named('\\ud83d\\ude00')).status).toBe(503);
    });
  });

  describe('a route with a dataset rule', () => {
    it('refuses for the rule before it refuses for the body', async () => {
      const body = '{"status":5}';
      expectError(await ask('PUT', '/datasets/theirs/status', { token: user, body }), 403, 'attr not found');
      expectError(await ask('PUT', '/datasets/mine/status', { token: user, body }), 400, 'bad status');
      const accessChecks = asked.accessChecks;
      expectError(await ask('PUT', '/datasets/theirs/status', { body }), 400, 'bad status');
      expect(asked.accessChecks).toBe(accessChecks);
    });
  });

  describe('created things', () => {
    it('are named in body and Location', async () => {
      const body = JSON.stringify({
        description: 'd',
        jobs_submitted: 1,
        tasks_submitted: 1,
        tasks_per_job: 1,
        group: 'users',
        auth_groups_read: [],
      });
      const answered = await ask('POST', '/datasets', { token: user, body });
      expect([answered.status, answered.body]).toEqual([201, '{"result":"d1"}']);
      expect(answered.headers['location']).toBe('/datasets/d1');
      expect(asked.last?.request).toEqual(JSON.parse(body));
    });

    it('may be many', async () => {
      const body =
        '{"count":2,"tasks":[{"name":"a","requirements":{"memory":4.0}},{"name":"b","depends":[0],"status":"waiting"}]}';
      const answered = await ask('POST', '/cairn/iceprod/datasets/d/tasks', { body });
      expect([answered.status, answered.body]).toEqual([201, '{"jobs":2,"tasks":4}']);
      expect(asked.last?.request).toEqual({
        dataset_id: 'd',
        first_job_index: 0,
        count: 2,
        tasks: [
          { name: 'a', depends: [], requirements: '{"memory":4.0}' },
          { name: 'b', depends: [0], requirements: '{}', status: 'waiting' },
        ],
      });
      const forward = await ask('POST', '/cairn/iceprod/datasets/d/tasks', {
        body: '{"count":2,"tasks":[{"name":"a","depends":[0]}]}',
      });
      expect(forward.status).toBe(400);
      expect(JSON.parse(forward.body)).toMatchObject({
        detail: 'tasks[0]: depends must be positions of earlier tasks',
      });
    });
  });

  describe('lists with a limit', () => {
    it('link to the rest and to later changes, with the parameters that the route knows', async () => {
      const { headers } = await ask('GET', `/datasets?junk=${'x'.repeat(20_000)}&limit=2&users=bob`);
      expect(String(headers['link']).split(', ')).toEqual([
        '</datasets?users=bob&limit=2&after=b>; rel="next"',
        '</datasets?users=bob&limit=2&changed_since=7>; rel="changes"',
      ]);
    });

    it('are rejected when their parameters do not fit into a link', async () => {
      const body = JSON.stringify({ limit: 2, users: 'x'.repeat(20_000) });
      expectError(await ask('GET', '/datasets', { body }), 400, 'parameters are too long for a list with a limit');
    });
  });

  describe('large answers', () => {
    it('of one page are sent in one piece', async () => {
      const { headers, body } = await ask('GET', '/datasets?status=processing%7Csuspended&keys=dataset||&groups=');
      expect(body).toBe('{"a":{},"b":{}}');
      expect(headers['content-length']).toBe('15');
      expect(asked.last?.request).toEqual({ statuses: ['processing', 'suspended'], keys: ['dataset'] });
    });

    it('are streamed page by page', async () => {
      const { body, headers } = await ask('GET', '/datasets/d/tasks');
      expect(headers['content-type']).toBe('application/json; charset=UTF-8');
      expect(Object.keys(JSON.parse(body) as object)).toHaveLength(PAGES * 100);
    });

    it('merge what belongs together across pages', async () => {
      const { body } = await ask('GET', '/datasets/d/task_summaries/status');
      expect(JSON.parse(body)).toEqual({ idle: ['a'], failed: ['b', 'c'] });
    });

    it('are one document a line where that is the form', async () => {
      const { body, headers } = await ask('GET', '/datasets/d/bulk/task_stats?buffer_size=7&last=Yes');
      expect(headers['content-type']).toMatch(/^application\/x-ndjson/);
      expect(body.split('\n').filter((line) => line !== '')).toHaveLength(2);
      expect(asked.last?.request).toEqual({ dataset_id: 'd', last: true, limit: 7 });
      expectError(
        await ask('GET', '/datasets/d/bulk/task_stats?buffer_size=0'),
        400,
        'buffer_size is not a positive int',
      );
    });

    it('that are refused at once are ordinary errors', async () => {
      expectError(await ask('GET', '/datasets/unknown/tasks'), 403, 'attr not found');
    });

    it('break off when a later page fails', async () => {
      await expect(ask('GET', '/datasets/failing/tasks')).rejects.toThrow();
    });

    it('wait for a slow reader, and stop when it disconnects', async () => {
      asked.pages = 0;
      const socket = connect(Number(new URL(gateway.url).port), '127.0.0.1');
      socket.write(`GET /datasets/d/tasks HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${admin}\r\n\r\n`);
      await once(socket, 'readable');
      socket.pause();
      // Others are served meanwhile; each round trip gives the stream time to run ahead if it could.
      for (let round = 0; round < 50; round += 1) await ask('GET', '/tasks/x');
      const ahead = asked.pages;
      expect(ahead).toBeLessThan(PAGES);
      socket.destroy();
      for (let round = 0; round < 20; round += 1) await ask('GET', '/tasks/x');
      expect(asked.pages).toBeLessThan(PAGES);
    });
  });

  describe('the documentation', () => {
    it('has every route of the list that is marked as served, with its roles, and no other', async () => {
      const lines = (await readFile(new URL('./iceprod/routes.tsv', import.meta.url), 'utf8'))
        .trimEnd()
        .split('\n')
        .slice(1);
      const rows = lines.map((line) => line.split('\t'));
      expect(rows).toHaveLength(163);
      const listed = rows
        .filter(([, , , , served]) => served === 'yes')
        .map(([method = '', path = '', roles = '', rule = '']) => [`${method} ${path}`, roles, rule]);
      const documentedRoutes = DIALECTS.routes.filter(({ undocumented }) => undocumented !== true);
      const served = documentedRoutes
        .filter(({ dialect }) => dialect === 'iceprod')
        .map(({ method, path, policy }) => {
          if (policy === 'public') return [`${method} ${templateOf(path)}`, 'none', '-'];
          // Rows of lists are judged one by one by the service, so the route itself has no rule.
          const rows = path === '/datasets' || path === '/dataset_summaries/status';
          const rule = policy.rule ?? (rows && method === 'GET' ? 'rows' : '-');
          const roles =
            policy.anyToken === true
              ? 'any valid token'
              : policy.roles.join(',') + (policy.own === undefined ? '' : `(${policy.own.words})`);
          return [`${method} ${templateOf(path)}`, roles, rule];
        });
      expect(served.map(String).sort()).toEqual(listed.map(String).sort());

      const document = JSON.parse((await ask('GET', '/openapi.json', { token: null })).body) as {
        paths: Record<string, Record<string, { responses: object; requestBody?: { required: boolean } }>>;
        components: { schemas: object };
      };
      expect(document.paths['/task_actions/waiting']?.['post']).toMatchObject({
        requestBody: { required: false },
        responses: { 409: { description: 'Idempotency-Key was used for another request' } },
      });
      expect(document.paths['/logs/{log_id}']?.['delete']?.responses).toHaveProperty('400');
      expect(document.paths['/jobs']?.['post']).toMatchObject({
        requestBody: { required: true },
        responses: { 409: { description: 'Idempotency-Key was used for another request; a job of this id exists' } },
      });
      const documented = Object.entries(document.paths).flatMap(([path, operations]) =>
        Object.keys(operations).map((method) => `${method.toUpperCase()} ${path}`),
      );
      expect(documented.sort()).toEqual(
        documentedRoutes.map(({ method, path }) => `${method} ${templateOf(path)}`).sort(),
      );
      const references = JSON.stringify(document).matchAll(/"#\/components\/schemas\/(\w+)"/g);
      const names = new Set([...references].map(([, name]) => name));
      expect([...names].filter((name) => !Object.hasOwn(document.components.schemas, name ?? ''))).toEqual([]);
    });
  });

  it('completes running requests when it stops, and does not wait for idle connections', async () => {
    const stopping = await startGateway([Services]);
    const { port } = new URL(stopping.url);
    const opened = async (text: string): Promise<Socket> => {
      const socket = connect(Number(port), '127.0.0.1');
      await once(socket, 'connect');
      socket.write(text);
      return socket;
    };
    const head = `HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${admin}\r\n`;
    const unused = await opened('');
    const idle = await opened(`GET /tasks/x ${head}\r\n`);
    await once(idle, 'data');
    const busy = await opened(`PATCH /tasks/x ${head}Expect: 100-continue\r\nContent-Length: 7\r\n\r\n`);
    // The request has arrived when the server asks for the body.
    await once(busy, 'data');
    const closed = Promise.all([once(unused, 'close'), once(idle, 'close'), stopping.close()]);
    await Promise.all([once(unused, 'close'), once(idle, 'close')]);
    busy.write('{"a":1}');
    const [answer] = (await once(busy, 'data')) as [Buffer];
    expect(answer.toString()).toMatch(/^HTTP\/1\.1 200 OK[^]*\{"a":1\}$/);
    await once(busy, 'close');
    await closed;
  });

  it('is alive, counts requests, and names the checks that fail', async () => {
    expect((await ask('GET', '/livez', { token: null })).status).toBe(200);
    const ready = await ask('GET', '/readyz', { token: null });
    expect(ready.status).toBe(503);
    expect(JSON.parse(ready.body)).toMatchObject({ ready: false, checks: { tasks: 'ok', auth: 'ok' } });
    const metrics = await ask('GET', '/metrics', { token: null });
    expect(metrics.body).toContain('route="/tasks/:task_id"');
    expectError(await ask('GET', '/healthz', { token: null }), 500, 'not available: datasets, pilots, events');
  });
});
