import { Controller } from '@nestjs/common';
import { MessagePattern } from '@nestjs/microservices';
import { once } from 'node:events';
import { Agent, get, type IncomingMessage } from 'node:http';
import { connect } from 'node:net';
import { type Answer, declaredContracts, type Message, type Nothing } from '#bus/contract.js';
import { WaitForPosition } from '#bus/visibility.js';
import { type FeedPage, FollowFeed } from '#contracts/feed.js';
import { COLLECTIONS } from '#contracts/torc/collections.js';
import { ListEventsAfter } from '#contracts/torc/documents.js';
import { ListRevocations, type RevocationsReply } from '#contracts/tokens.js';
import { DomainError } from '#platform/domain-error.js';
import { type Answered, type CallOptions, httpCall } from '../testing/http-call.js';
import { Answers, type RunningGateway, startGateway, tokenOf } from '../testing/start-gateway.js';
import { torc } from './torc.dialect.js';

/** What services are asked, and what they answer to the next question; without an answer of their own, an empty one. */
const asked: { subject: string; message: Message<unknown> }[] = [];
const answers: ((request: unknown) => unknown)[] = [];
/** A stream of an earlier test may ask once more before the gateway notices that its client is gone: each test has another workflow. */
let streamed = 97;

const SUBJECTS = 'cairn.v1.tasks.torc.';
const EMPTY = {
  ...{ document: '{}', entries: [], count: 0, keys: [], ids: [], documents: [] },
  reason: '',
  schedulers: [],
};

/** Stands in for the service: enough to see how the gateway translates requests and replies. */
@Controller()
class Service {}
for (const { subject } of declaredContracts()) {
  if (!subject.startsWith(SUBJECTS)) continue;
  const answer = (message: Message<unknown>): Answer<unknown> => {
    const { workflow } = message.request as { readonly workflow?: string };
    if (subject === ListEventsAfter.subject && workflow !== String(streamed)) return { reply: EMPTY };
    asked.push({ subject: subject.slice(SUBJECTS.length), message });
    const reply = answers.shift()?.(message.request) ?? EMPTY;
    return reply instanceof DomainError ? { error: reply.toValue() } : { reply };
  };
  const descriptor = { value: answer };
  Object.defineProperty(Service.prototype, subject, descriptor);
  MessagePattern(subject)(Service.prototype, subject, descriptor);
}

/** The feed as a gateway follows it: an event of the workflow whenever it is asked. */
@Controller()
class Feed {
  private end = 0;

  @Answers(FollowFeed)
  follow({ request: { after } }: Message<{ readonly after?: string }>): Answer<FeedPage> {
    this.end += 1;
    const cursor = String(this.end);
    const entry = {
      ...{
        cursor,
        stream: `work-torc.main.${streamed}`,
        type: 'UnitStarted',
        text: '{}',
        readers: 'everyone' as const,
      },
      ...{ entities: [], units: [], groups: [], documents: [] },
    };
    return { reply: { entries: after === undefined ? [] : [entry], upTo: cursor } };
  }

  @Answers(WaitForPosition('tasks'))
  wait(): Answer<Nothing> {
    return { reply: {} };
  }
}

/** Revokes everything a moment after it was first asked. */
@Controller()
class Revocations {
  private asked = 0;

  @Answers(ListRevocations)
  list(): Answer<RevocationsReply> {
    this.asked += 1;
    const revocations = this.asked === 1 ? [] : [{ subject: 'alice', revokedAtMs: Date.now() + 60_000 }];
    return { reply: { revocations, cursor: { numbering: '', sequence: this.asked }, isLast: true } };
  }
}

const until = async (condition: () => boolean): Promise<void> => {
  while (!condition()) await new Promise((resolve) => setImmediate(resolve));
};

describe("Torc's API over HTTP", () => {
  let gateway: RunningGateway;
  let alice: string;

  beforeAll(async () => {
    gateway = await startGateway([Service, Feed]);
    alice = await tokenOf('alice', 'user');
  });
  afterAll(() => gateway.close());
  beforeEach(() => {
    asked.length = 0;
    answers.length = 0;
  });

  const call = (method: string, path: string, options: CallOptions = {}): Promise<Answered> =>
    httpCall(method, gateway.url + path, options);
  const send = (method: string, path: string, body: unknown, options: CallOptions = {}): Promise<Answered> =>
    call(method, path, { ...options, body: typeof body === 'string' ? body : JSON.stringify(body) });
  const requestOf = (at = -1): unknown => asked.at(at)?.message.request;
  const statusOf = async (method: string, path: string, options: CallOptions = {}): Promise<number> =>
    (await call(method, path, options)).status;
  const refusal = (code: number, message: unknown = expect.any(String) as unknown) => ({
    error: true,
    errorNum: code,
    errorMessage: message,
    code,
  });

  it('has the 136 routes of the contract, each with a verb of its own', () => {
    const routes = torc.routes.filter(({ path }) => !path.startsWith('/cairn/'));
    expect(new Set(routes.map(({ method, path }) => `${method} ${path.replaceAll(/:\w+/g, ':')}`)).size).toBe(136);
    for (const name of Object.keys(COLLECTIONS)) {
      const paths = [`/workflows/:workflow/${name}`, `/workflows/:workflow/${name}/:key`];
      expect(torc.routes.filter(({ path }) => paths.includes(path))).toHaveLength(6);
    }
  });

  describe('paths', () => {
    it.each(['', '/', '/_db/team_1/torc-service', '/_db/x/torc-service/', '//_db//x//torc-service'])(
      'may follow %s',
      async (base) => {
        await expect(call('GET', `${base}/ping`)).resolves.toMatchObject({ status: 200 });
        await expect(call('GET', `${base}/workflows//97//files?name=a//b`)).resolves.toMatchObject({ status: 200 });
        expect(requestOf()).toMatchObject({ workflow: '97', collection: 'files', filters: { name: '"a//b"' } });
      },
    );

    it.each([
      ['GET', '/_db/x/torc-service'],
      ['GET', '/_db/x/torc-service/livez'],
      ['GET', '/_db/x/torc-service/datasets'],
      ['GET', '/_db/x%20y/torc-service/workflows'],
      ['GET', '/_db/x/other/ping'],
      ['GET', '/t/token/datasets'],
      ['GET', '/t/token'],
      ['GET', '/workflows/'],
      ['GET', '/workflows/97/nothing'],
      ['GET', '/workflows/97/jobs/103/nothing'],
      ['GET', '//workflows/97/nothing'],
    ])('%s %s leads nowhere', async (method, path) => {
      const { status, body, headers } = await call(method, path);
      expect([status, JSON.parse(body)]).toEqual([404, refusal(404)]);
      expect(headers['content-type']).toMatch(/^application\/json/);
    });

    it.each([
      ['HEAD', '/ping', 'GET'],
      ['PATCH', '/workflows', 'GET, POST'],
      ['OPTIONS', '/workflows/97', 'GET, PUT, DELETE'],
      ['DELETE', '/workflow_specifications/example', 'GET'],
      ['POST', '/workflows/97/files/produced_by_job/103', 'GET'],
    ])('know no %s %s', async (method, path, allow) => {
      const answer = await call(method, path);
      expect(answer).toMatchObject({ status: 405, reason: 'Method Not Allowed' });
      expect(String(answer.headers['allow']).split(', ').sort()).toEqual(allow.split(', ').sort());
    });

    it('let web pages ask what they may do', async () => {
      const headers = { origin: 'https://page.example', 'access-control-request-method': 'POST' };
      await expect(call('OPTIONS', '/workflows', { headers })).resolves.toMatchObject({ status: 200 });
    });

    it.each([
      ['/workflows/97/files/files__97%2F103', { workflow: '97', key: '103' }],
      ['/workflows/97/files/files__97/103', { workflow: '97', key: '103' }],
      ['/workflows/workflows%2F97/files/103', { workflow: '97', key: '103' }],
      ['/workflows/workflows/97/files/103', { workflow: '97', key: '103' }],
      ['/workflows/workflows%2F97/files/files__97%2Fa%25b', { workflow: '97', key: 'a%b' }],
      ['/workflows/files__97/files/files__97', { workflow: 'files__97', key: 'files__97' }],
      [`/workflows/97/files/${'k'.repeat(254)}`, { workflow: '97', key: 'k'.repeat(254) }],
    ])('take keys and full ids: %s', async (path, request) => {
      await expect(statusOf('GET', path)).resolves.toBe(200);
      expect(requestOf()).toMatchObject(request);
    });

    it.each([
      '/workflows/97/files/jobs__97%2F103',
      '/workflows/97/files/files__98%2F103',
      '/workflows/97/files/files%2F103',
      '/workflows/jobs%2F97/files/103',
      '/workflows/97/jobs/files__97%2F103/process_stats',
    ])('refuse ids of others: %s', async (path) => {
      await expect(statusOf('GET', path)).resolves.toBe(400);
    });

    it('may hold two full ids, closed or open', async () => {
      const request = { key: '103', rev: '103-2', run_id: 1, compute_node: '130' };
      for (const slash of ['%2F', '/']) {
        const path = `/workflows/97/jobs/jobs__97${slash}103/start_job/103-2/1.0/compute_nodes__97${slash}130`;
        await expect(statusOf('PUT', path)).resolves.toBe(200);
        expect(requestOf()).toMatchObject(request);
      }
    });
  });

  describe('access', () => {
    const bearer = (token: string) => ({ headers: { authorization: `Bearer ${token}` } });

    it('needs no token on this machine', async () => {
      await expect(statusOf('GET', '/workflows')).resolves.toBe(200);
      expect(asked[0]?.message.context.caller).toMatchObject({ subject: 'anonymous@localhost', roles: ['user'] });
    });

    it.each([
      [{ origin: 'http://127.0.0.1:3000' }],
      [{ host: 'attacker.example' }],
      [{ host: 'localhost.attacker.example:80' }],
      [{ 'sec-fetch-site': 'cross-site' }],
      [{ 'x-forwarded-for': '192.0.2.1' }],
      [{ 'x-real-ip': '192.0.2.1' }],
      [{ forwarded: 'for=192.0.2.1' }],
      [{ via: '1.1 proxy' }],
      [{ authorization: 'Bearer a.b.c' }],
      [{ authorization: '' }],
    ])('needs a token with %j', async (headers) => {
      const { status, body } = await call('GET', '/workflows', { headers });
      expect([status, JSON.parse(body)]).toEqual([401, refusal(401)]);
      expect(asked).toEqual([]);
    });

    it.each(['localhost', 'LOCALHOST:8080', 'torc.localhost', '127.0.0.1:1', '127.1.2.3', '[::1]:8080'])(
      'needs none at the host %s',
      async (host) => {
        await expect(statusOf('GET', '/workflows', { headers: { host } })).resolves.toBe(200);
      },
    );

    it('needs a token of a proxy that speaks an old HTTP', async () => {
      const socket = connect(Number(new URL(gateway.url).port), '127.0.0.1');
      socket.end('GET /workflows HTTP/1.0\r\nHost: 127.0.0.1\r\n\r\n');
      const [head] = (await once(socket, 'data')) as [Buffer];
      expect(head.toString()).toContain(' 401 ');
    });

    it.each(['user', 'admin', 'system'])('is granted to the role %s, by header or path', async (role) => {
      const token = await tokenOf('bob', role);
      await expect(statusOf('GET', '/workflows', bearer(token))).resolves.toBe(200);
      await expect(statusOf('GET', `/t/${token}/_db/x/torc-service//workflows`)).resolves.toBe(200);
      await expect(statusOf('GET', `/t/${token}/workflows`, bearer(token))).resolves.toBe(200);
      for (const { message } of asked) expect(message.context.caller).toMatchObject({ subject: 'bob', roles: [role] });
    });

    it.each(['worker', 'pilot'])('is not granted to the role %s', async (role) => {
      const { status, body } = await call('GET', `/t/${await tokenOf('bob', role)}/workflows`);
      expect([status, JSON.parse(body)]).toEqual([403, refusal(403)]);
    });

    it.each(['/t/a.b.c/workflows', '/t/x/workflows', '/%74/a.b.c/workflows'])('is refused under %s', async (path) => {
      await expect(statusOf('GET', path)).resolves.toBe(401);
    });

    it('is refused to whoever shows two tokens', async () => {
      await expect(statusOf('GET', `/t/${alice}/workflows`, bearer(await tokenOf('bob', 'admin')))).resolves.toBe(401);
    });

    it('gives a path token no other API, and logs none', async () => {
      const admin = await tokenOf('root', 'admin');
      answers.push(() => {
        throw new Error('broken');
      });
      for (const path of ['/datasets', '/cairn/requests', '/docs', '/workflows/97', '/nothing', '']) {
        const { body, headers } = await call('GET', `/t/${admin}${path}`);
        expect(body + JSON.stringify(headers)).not.toContain(admin);
      }
      for (const spelled of [`//t//${admin}`, `/%74/${admin}`, `/T/${admin}`]) await call('GET', `${spelled}/datasets`);
      expect(asked).toHaveLength(1);
      expect(gateway.logged()).toContain('request failed');
      expect(gateway.logged()).not.toContain(admin.slice(0, 40));
    });

    it('needs a token everywhere when the deployment says so', async () => {
      for (const variables of [
        { TORC_ACCESS: 'token' },
        { TRUSTED_PROXIES: 'loopback' },
        { PUBLIC_URL: 'https://cairn.example.org' },
      ]) {
        const closed = await startGateway([], variables);
        const { status } = await httpCall('GET', `${closed.url}/workflows`);
        await closed.close();
        expect(status).toBe(401);
      }
    });
  });

  describe('parameters', () => {
    it('of lists are read as clients write them', async () => {
      await call(
        'GET',
        '/workflows/97/jobs?skip=2.0&limit=1e1&reverse_sort=TRUE&sort_by=name&unknown=&supports_termination=False',
      );
      expect(requestOf()).toEqual({
        ...{ workflow: '97', collection: 'jobs', skip: 2, limit: 10, sort_by: 'name', reverse_sort: true },
        filters: { supports_termination: 'false' },
      });
      await call('GET', '/workflows/97/results?run_id=2.0&return_code=-9&job_key=%20x&_key=7&limit=200000');
      expect(requestOf()).toMatchObject({
        limit: 100_000,
        filters: { run_id: '2', return_code: '-9', job_key: '" x"', _key: '"7"' },
      });
      await call('GET', '/workflows/97/files?limit=99999999999999999999');
      expect(requestOf()).toMatchObject({ limit: 100_000 });
    });

    it.each([
      'limit=abc',
      'limit=',
      'limit=-1',
      'limit=1.5',
      'limit=NaN',
      'skip=-1.0',
      'skip=1e400',
      'sort_by=',
      'reverse_sort=1',
      'supports_termination=maybe',
      'name=',
    ])('of lists are refused: %s', async (query) => {
      const { status, body } = await call('GET', `/workflows/97/jobs?${query}`);
      expect([status, JSON.parse(body)]).toEqual([400, refusal(400)]);
    });

    it('of operations have defaults', async () => {
      await call('POST', '/workflows/97/initialize_jobs');
      expect(requestOf()).toEqual({ workflow: '97', only_uninitialized: false, clear_ephemeral_user_data: true });
      await call('POST', '/workflows/97/prepare_next_jobs_for_submission');
      expect(requestOf()).toEqual({ workflow: '97', limit: 1 });
      await send('POST', '/workflows/97/prepare_jobs_for_submission', {
        num_cpus: '4',
        memory_gb: 1.5,
        time_limit: null,
      });
      expect(requestOf()).toEqual({
        ...{ workflow: '97', limit: 100_000, sort_method: 'gpus_runtime_memory' },
        resources: { num_cpus: 4, memory_gb: 1.5, num_gpus: 0, num_nodes: 1, scheduler_config_id: '' },
      });
      await call('GET', '/workflows/97/events_after_timestamp/1699999999999.0?skip=x&category=job');
      expect(requestOf()).toEqual({ workflow: '97', after: 1_699_999_999_999, category: 'job', limit: 100_000 });
    });

    it('may be empty for the scheduler of ready jobs only', async () => {
      await call('GET', '/workflows/97/ready_job_requirements?scheduler_config_id=');
      expect(requestOf()).toEqual({ workflow: '97', scheduler_config_id: '' });
      await call('GET', '/workflows/97/ready_job_requirements?scheduler_config_id=slurm_schedulers__97/120');
      expect(requestOf()).toEqual({ workflow: '97', scheduler_config_id: 'slurm_schedulers__97/120' });
      await call('GET', '/workflows/97/ready_job_requirements');
      expect(requestOf()).toEqual({ workflow: '97' });
    });

    it.each([
      ['PUT', '/workflows/97/jobs/103/start_job/r/one/130'],
      ['PUT', '/workflows/97/jobs/103/start_job/r/1.5/130'],
      ['PUT', '/workflows/97/jobs/103/manage_status_change/done/r/1'],
      ['PUT', '/workflows/97/jobs/103/manage_status_change/lost/r/1'],
      ['POST', '/workflows/97/jobs/103/complete_job/ready/r/1/130'],
      ['GET', '/workflows/97/events_after_timestamp/yesterday'],
      ['GET', '/workflows/97/dot_graph/nothing'],
      ['GET', '/workflows/97/edges/nothing'],
      ['POST', '/workflows/97/join_by_outbound_edge/jobs/nothing'],
      ['POST', '/workflows/97/join_by_outbound_edge/blocks/blocks'],
    ])('of paths are refused: %s %s', async (method, path) => {
      await expect(statusOf(method, path)).resolves.toBe(400);
      expect(asked).toEqual([]);
    });
  });

  describe('bodies', () => {
    const json = { headers: { 'content-type': 'application/json' } };

    it('may be left out, with their type, where they are not needed', async () => {
      for (const options of [
        json,
        { headers: { ...json.headers, 'content-length': '0' } },
        { ...json, body: '{"x":[1]}' },
      ]) {
        await expect(statusOf('POST', '/workflows/97/reset_status', options)).resolves.toBe(200);
        await expect(statusOf('PUT', '/workflows/97/cancel', options)).resolves.toBe(200);
        await expect(statusOf('DELETE', '/workflows/97/jobs', options)).resolves.toBe(200);
      }
      expect(asked).toHaveLength(9);
    });

    it.each([
      ['POST', '/workflows/97/files', '{"path":"x"'],
      ['POST', '/workflows/97/files', '{"path":"x","size":1}'],
      ['POST', '/workflows/97/files', '{"path":1}'],
      ['POST', '/workflows/97/files', '{"name":"x"}'],
      ['POST', '/workflows/97/files', ''],
      ['POST', '/workflows/97/files', '[]'],
      ['POST', '/workflows/97/user_data', '{"data":{"x":NaN}}'],
      ['POST', '/workflows/97/files', '{"path":"x","_key":"a/b"}'],
      ['POST', '/workflows/97/jobs', '{"command":"x","status":"lost"}'],
      ['POST', '/workflows/97/jobs', '{"command":"x","blocked_by":["files__97/1"]}'],
      ['POST', '/workflows/97/resource_requirements', '{"memory":"much"}'],
      ['PUT', '/workflows/97/files/3', '{"path":"x","_key":"3"}'],
      ['PUT', '/workflows/97/files/3', '{"path":"x","_rev":"3-1"}'],
      ['PUT', '/workflows/97/files/3', '{"path":"x","_key":"4","_rev":"3-1"}'],
      ['PUT', '/workflows/97/files/3', '{"path":"x","_key":"3","_rev":"3-1","_id":"files__97/4"}'],
      ['PUT', '/workflows/97', '{"name":"x","_key":"98","_rev":"3-1"}'],
      ['PUT', '/workflows/97/config', '{}'],
      ['PUT', '/workflows/97/status', '{"_key":"3","is_canceled":false,"run_id":1}'],
      [
        'PUT',
        '/workflows/97/status',
        '{"_key":"3","is_canceled":false,"run_id":-1,"auto_tune_status":{"enabled":false,"job_keys":[]}}',
      ],
      ['POST', '/workflows/97/edges/blocks', '{"_from":"jobs__97/1"}'],
      ['POST', '/workflows/97/join_by_inbound_edge/jobs/blocks', ''],
      ['POST', '/workflows/97/reset_status', '[1]'],
      ['DELETE', '/workflows/97/files', 'x'],
    ])('are refused: %s %s %s', async (method, path, body) => {
      const { status, body: text } = await call(method, path, { ...json, body });
      expect([status, JSON.parse(text)]).toEqual([400, { ...refusal(400), errorNum: expect.any(Number) as unknown }]);
      expect(asked).toEqual([]);
    });

    it('that are not UTF-8 are refused', async () => {
      for (const path of ['/workflows/97/files', '/workflow_specifications', '/workflows/97/bulk_jobs']) {
        await expect(statusOf('POST', path, { body: Buffer.from([0x7b, 0xff, 0x7d]) })).resolves.toBe(400);
      }
    });

    it('of documents are passed on as they were written, with defaults', async () => {
      await send(
        'POST',
        '/workflows/97/user_data',
        '{"name":"u","data":{"x":1.0,"n":12345678901234567890},"_key":"k","_rev":"9"}',
      );
      expect(requestOf()).toEqual({
        ...{ workflow: '97', collection: 'user_data', key: 'k' },
        document: '{"name":"u","data":{"x":1.0,"n":12345678901234567890},"is_ephemeral":false}',
      });
      await send(
        'PUT',
        '/workflows/97/files/files__97%2F3',
        '{"st_mtime":1.25,"_key":"3","_id":"files__97/3","_rev":"3-1","_oldRev":"3-0"}',
      );
      expect(requestOf()).toEqual({
        ...{ workflow: '97', collection: 'files', key: '3', rev: '3-1', fields: '{"st_mtime":1.25}' },
        request_digest: expect.any(String) as unknown,
      });
      await send('POST', '/workflows/97/edges/executed', {
        _from: 'compute_nodes__97/1',
        _to: 'jobs__97/2',
        data: { run_id: 1 },
      });
      expect(requestOf()).toEqual({
        ...{ workflow: '97', edge: 'executed', from: 'compute_nodes__97/1', to: 'jobs__97/2', data: '{"run_id":1}' },
      });
      await send(
        'PUT',
        '/workflows/97/status',
        '{"_key":"5","run_id":"2","is_canceled":"false","auto_tune_status":{"enabled":false,"job_keys":[]}}',
      );
      expect(requestOf()).toMatchObject({
        part: 'status',
        key: '5',
        fields: expect.stringContaining('"run_id":2') as unknown,
      });
    });

    it('of 64 MiB reach the service unread, and larger ones are refused', async () => {
      const most = 64 * 1024 * 1024;
      const body = Buffer.alloc(most, 'x');
      answers.push(() => ({ document: '{"_key":"97"}' }));
      await expect(call('POST', '/workflow_specifications', { body })).resolves.toMatchObject({ status: 200 });
      expect((requestOf() as { body: string }).body).toHaveLength(most);
      const larger = await call('POST', '/workflows/97/bulk_jobs', { body: Buffer.alloc(most + 1, 'x') });
      expect([larger.status, JSON.parse(larger.body)]).toEqual([413, refusal(413)]);
      const document = JSON.stringify({ path: 'x'.repeat(4 * 1024 * 1024) });
      await expect(statusOf('POST', '/workflows/97/files', { body: document })).resolves.toBe(413);
      await expect(statusOf('POST', '/workflows/97/files', { body: document.slice(0, -100) + '"}' })).resolves.toBe(
        200,
      );
    });
  });

  describe('repeats', () => {
    const digest = async (method: string, path: string, body?: string, headers = {}): Promise<unknown> => {
      await call(method, path, { ...(body !== undefined && { body }), headers });
      return (requestOf() as { request_digest: string }).request_digest;
    };

    it('of PUT are known by path, body and address', async () => {
      const body = '{"path":"x","_key":"3","_rev":"3-1"}';
      const first = await digest('PUT', '/workflows/97/files/3', body);
      await expect(digest('PUT', '/_db/x/torc-service//workflows/97/files/3', body)).resolves.toBe(first);
      await expect(digest('PUT', `/t/${alice}/workflows/97/files/3`, body)).resolves.toBe(first);
      await expect(digest('PUT', '/workflows/97/files/3', body.replace('x', 'y'))).resolves.not.toBe(first);
      await expect(digest('PUT', '/workflows/98/files/3', body)).resolves.not.toBe(first);
      const proxied = await startGateway([Service], { TRUSTED_PROXIES: 'loopback' });
      const digests = new Set<unknown>();
      for (const address of ['2001:db8::1', '2001:db8::2', '2001:db8::1']) {
        const headers = { 'x-forwarded-for': address, authorization: `Bearer ${alice}` };
        await httpCall('PUT', `${proxied.url}/workflows/97/files/3`, { body, headers });
        digests.add((requestOf() as { request_digest: string }).request_digest);
        await httpCall('DELETE', `${proxied.url}/workflows/97/files/3`, { headers });
        expect(requestOf()).toMatchObject({ client: address });
      }
      await proxied.close();
      expect(digests.size).toBe(2);
    });

    it('of a start are known by the path, of a completion by the body, too', async () => {
      const start = '/workflows/97/jobs/103/start_job/r/1/130';
      await expect(digest('PUT', start, '{"x":1}')).resolves.toBe(await digest('PUT', start));
      const complete = '/workflows/97/jobs/103/complete_job/done/r/1/130';
      const result = {
        ...{ job_key: '103', run_id: 1, return_code: 0 },
        exec_time_minutes: 1,
        completion_time: 'now',
        status: 'done',
      };
      const first = await digest('POST', complete, JSON.stringify(result));
      await expect(digest('POST', complete, JSON.stringify(result))).resolves.toBe(first);
      await expect(digest('POST', complete, JSON.stringify({ ...result, return_code: 1 }))).resolves.not.toBe(first);
    });
  });

  describe('answers', () => {
    it('to lists come page by page, and end with what is known then', async () => {
      answers.push(
        () => ({ entries: ['{"a":1}', '{"a":2}'], next: 'x', total_count: 7 }),
        () => ({ entries: [], next: 'y' }),
        () => ({ entries: ['{"a":3}'] }),
      );
      const { status, body, headers } = await call('GET', '/workflows/97/jobs?skip=1&limit=3');
      expect(status).toBe(200);
      expect(headers['content-type']).toMatch(/^application\/json/);
      expect(body).toBe(
        '{"items":[{"a":1},{"a":2},{"a":3}],"skip":1,"max_limit":100000,"count":3,"total_count":7,"has_more":true}',
      );
      expect(requestOf()).toMatchObject({ cursor: 'y' });
    });

    it.each([
      ['/workflows?skip=3', { entries: ['{}'], total_count: 4 }, { count: 1, total_count: 4, has_more: false }],
      ['/workflows?limit=0', { entries: [], total_count: 4 }, { count: 0, total_count: 4, has_more: false }],
      ['/workflows?skip=9', { entries: [], total_count: 4 }, { skip: 9, count: 0, has_more: false }],
      [
        '/workflows/97/events_after_timestamp/1',
        { entries: ['{}'], total_count: 4 },
        { total_count: 1, has_more: false },
      ],
      [
        '/workflows/97/jobs/1/user_data_stores?skip=1',
        { entries: ['{}'], total_count: 4 },
        { skip: 0, has_more: false },
      ],
    ])('to %s tell whether the list goes on', async (path, page, envelope) => {
      answers.push(() => page);
      expect(JSON.parse((await call('GET', path)).body)).toMatchObject(envelope);
    });

    it.each([
      ['GET', '/workflows/97/job_keys', { entries: ['"1"', '"2"'] }, { items: ['1', '2'] }],
      ['GET', '/workflows/97/jobs/1/process_stats', { entries: ['{"run_id":1}'] }, [{ run_id: 1 }]],
      ['GET', '/workflows/97/jobs/1/process_stats', { entries: [] }, []],
      ['GET', '/workflows/97/missing_user_data', { keys: ['7'] }, { user_data: ['7'] }],
      ['GET', '/workflows/97/required_existing_files', { ids: ['files__97/1'] }, { files: ['files__97/1'] }],
      ['POST', '/workflows/97/process_changed_job_inputs', { keys: ['1'] }, { reinitialized_jobs: ['1'] }],
      [
        'POST',
        '/workflows/97/prepare_next_jobs_for_submission',
        { documents: ['{"a":1}'], reason: 'x' },
        { jobs: [{ a: 1 }] },
      ],
      [
        'POST',
        '/workflows/97/prepare_jobs_for_scheduling',
        { schedulers: ['{"num_jobs":1}'] },
        { schedulers: [{ num_jobs: 1 }] },
      ],
      ['GET', '/workflows/97/dot_graph/job_job_dependencies', { entries: ['a "b"', '\\N'] }, { graph: 'a "b"\n\\N' }],
      ['GET', '/workflows/97/latest_event_timestamp', { timestamp: null }, { timestamp: null }],
      ['GET', '/workflow_specifications/97', { entries: ['{"a"', ':1}'] }, { a: 1 }],
      ['DELETE', '/workflows/97/files', { count: 4 }, { message: 'deleted 4 files of workflow 97' }],
    ])('to %s %s have their own form', async (method, path, reply, expected) => {
      answers.push(() => reply);
      const { status, body } = await call(method, path);
      expect([status, JSON.parse(body)]).toEqual([200, expected]);
    });

    it('to bulk_jobs list the jobs that were added', async () => {
      answers.push(
        () => ({ first: 5, last: 6 }),
        () => ({ entries: ['{"_key":"5"}', '{"_key":"6"}'] }),
      );
      const { status, body } = await send('POST', '/workflows/97/bulk_jobs', '{"jobs": [{}, {}]}');
      expect([status, JSON.parse(body)]).toEqual([200, { items: [{ _key: '5' }, { _key: '6' }] }]);
      expect(requestOf(0)).toEqual({ workflow: '97', body: '{"jobs": [{}, {}]}' });
      expect(requestOf()).toEqual({ workflow: '97', first: 5, last: 6 });
    });

    it('name the 24 collections of a workflow that exists', async () => {
      const { body } = await call('GET', '/workflows/workflows%2F97/collection_names');
      const { names } = JSON.parse(body) as { names: string[] };
      expect([names.length, names[0], names.at(-1)]).toEqual([24, 'events__97', 'stores__97']);
      answers.push(() => new DomainError('not-found', 'x', 'workflow 98 does not exist'));
      await expect(statusOf('GET', '/workflows/98/collection_names')).resolves.toBe(404);
    });

    it.each([
      ['invalid', 400],
      ['state', 400],
      ['not-found', 404],
      ['conflict', 409],
      ['unavailable', 503],
    ] as const)('tell of a refusal of the kind %s', async (kind, code) => {
      answers.push(() => new DomainError(kind, 'x', 'no'));
      const { status, body, headers } = await call('GET', '/workflows/97');
      expect([status, JSON.parse(body)]).toEqual([code, refusal(code, 'no')]);
      expect(headers['retry-after']).toBe(code === 503 ? '1' : undefined);
    });

    it('have the number of the error that the service names', async () => {
      answers.push(() => new DomainError('invalid', 'x', 'taken', { errorNum: 1210 }));
      const { body } = await send('POST', '/workflows', { user: 'u' });
      expect(JSON.parse(body)).toEqual({ error: true, errorNum: 1210, errorMessage: 'taken', code: 400 });
    });

    it('say that a document is too large for the service', async () => {
      answers.push(() => new DomainError('too-large', 'request.too-large', 'no'));
      const { status, body } = await send('POST', '/workflows', { user: 'u' });
      expect([status, JSON.parse(body)]).toEqual([413, refusal(413, 'no')]);
    });

    it('to specifications without a workflow can be sent back', async () => {
      for (const name of ['example', 'template']) {
        const { body } = await call('GET', `/workflow_specifications/${name}`);
        expect(JSON.parse(body)).toHaveProperty('config.compute_node_resource_stats.interval', 10);
      }
    });
  });

  /** Torc contract 5.11, D33. */
  describe('the completion script', () => {
    const handOut = { is_canceled: false, is_complete: true, needs_to_run_completion_script: true, hand_out: 'h1' };
    const url = () => `${gateway.url}/workflows/97/is_complete`;
    const settled = async (): Promise<unknown> => {
      await until(() => asked.some(({ subject }) => subject === 'workflow.settle-completion-script'));
      return asked.find(({ subject }) => subject === 'workflow.settle-completion-script')?.message.request;
    };
    const read = (agent: Agent, at: string): Promise<string> =>
      new Promise((resolve, reject) => {
        get(at, { agent }, (response) => {
          let text = '';
          response.on('data', (chunk: Buffer) => (text += chunk.toString())).on('end', () => resolve(text));
        }).on('error', reject);
      });

    it('has arrived when the next request comes over the connection', async () => {
      const agent = new Agent({ keepAlive: true, maxSockets: 1 });
      answers.push(() => handOut);
      expect(JSON.parse(await read(agent, url()))).toEqual({ ...handOut, hand_out: undefined });
      await read(agent, `${gateway.url}/ping`);
      await expect(settled()).resolves.toEqual({ workflow: '97', hand_out: 'h1', has_arrived: true });
      agent.destroy();
    });

    it('has arrived when the connection is still open after a while', async () => {
      const agent = new Agent({ keepAlive: true });
      answers.push(() => handOut);
      await read(agent, url());
      await expect(settled()).resolves.toMatchObject({ has_arrived: true });
      agent.destroy();
    });

    it('has arrived when the connection was meant to end with the answer', async () => {
      answers.push(() => handOut);
      await httpCall('GET', url(), { headers: { connection: 'close' } });
      await expect(settled()).resolves.toMatchObject({ has_arrived: true });
    });

    it('has not arrived when the connection ends before or soon after the answer', async () => {
      for (const isEarly of [true, false]) {
        asked.length = 0;
        const socket = connect(Number(new URL(gateway.url).port), '127.0.0.1');
        answers.push(() => {
          if (isEarly) socket.destroy();
          return handOut;
        });
        socket.write('GET /workflows/97/is_complete HTTP/1.1\r\nHost: localhost\r\n\r\n');
        if (!isEarly) {
          await once(socket, 'data');
          socket.destroy();
        }
        await expect(settled()).resolves.toMatchObject({ has_arrived: false });
      }
    });

    it('waits at a connection that is idle for half a minute', () => {
      expect((gateway.app.getHttpServer() as { keepAliveTimeout: number }).keepAliveTimeout).toBeGreaterThan(30_000);
    });
  });

  it('draws a report, whatever names are', async () => {
    const use = { requested: 2, used: 4, jobs_over: 1 };
    const group = { resource_requirements_id: null, name: null, jobs: 1, jobs_measured: 1, cpus: use, memory_gb: use };
    const report = {
      ...{ workflow_key: '97', name: 'a<b>\u0000&"\ud800', run_id: 1, jobs: { done: 1 }, failed_jobs: 1 },
      ...{ work_minutes: 3, elapsed_minutes: null, groups: [{ ...group, runtime_minutes: { ...use, used: null } }] },
      critical_path: {
        ...{ minutes: 3, length: 1 },
        jobs: [{ job_id: 'jobs__97/1', name: null, minutes: 3, start_minutes: 0 }],
      },
    };
    answers.push(
      () => report,
      () => report,
    );
    const { body, headers } = await call('GET', '/cairn/torc/workflows/97/report.svg');
    expect(headers['content-type']).toBe('image/svg+xml');
    expect(body).toMatch(/^<svg[^]*<\/svg>$/);
    for (const text of ['a&lt;b&gt; &amp;&quot;\ufffd', 'jobs__97/1', '3 min', '4 of 2 CPUs; 1 over', 'not measured']) {
      expect(body).toContain(text);
    }
    expect(body).toMatch(/on the critical path of 1 job<[^]*without a name: 1 job, 1 with a result</);
    const { body: json } = await call('GET', '/cairn/torc/workflows/97/report');
    expect(JSON.parse(json)).toEqual({ ...report, name: expect.stringContaining('a<b>') as unknown });
  });

  describe('the event stream', () => {
    let path: string;
    beforeEach(() => {
      streamed += 1;
      path = `/cairn/torc/workflows/${streamed}/events/stream`;
    });
    const started = '{"category":"job","type":"start","message":"Started job 103","timestamp":5}';
    const failed =
      '{"category":"job","type":"complete",\n"message":"Completed job 103 status=done return_code=3","timestamp":6}';
    const custom = '{"category":"my tool","severity":"debug","timestamp":7}';

    /** Reads until the text is complete, then breaks off. */
    const read = (query: string, headers: Readonly<Record<string, string>>, isComplete: (text: string) => boolean) =>
      new Promise<string>((resolve, reject) => {
        const request = get(gateway.url + path + query, { headers }, (response) => {
          expect(response.headers['content-type']).toBe('text/event-stream; charset=utf-8');
          let text = '';
          response
            .on('error', () => undefined)
            .on('data', (chunk: Buffer) => {
              text += chunk.toString();
              if (!isComplete(text)) return;
              request.destroy();
              resolve(text);
            });
        });
        request.on('error', reject);
      });

    it('tells what happens, with a name and a severity', async () => {
      answers.push(
        () => ({ timestamp: 4 }),
        () => ({ entries: [started, failed, custom], next: 'x' }),
        () => ({ entries: [] }),
        () => ({ entries: [started.replace('5', '8')] }),
      );
      const text = await read('', {}, (so) => so.includes('id: 8'));
      expect(text.split('\n\n').slice(1, -1)).toEqual([
        `id: 5\nevent: job_started\ndata: ${started.slice(0, -1)},"severity":"info"}`,
        'id: 6\nevent: job_failed\ndata: {"category":"job","type":"complete","message":"Completed job 103 status=done return_code=3","timestamp":6,"severity":"error"}',
        expect.stringMatching(/^id: 8\n/),
      ]);
      expect(asked.map(({ message }) => (message.request as { after?: number }).after)).toEqual([undefined, 4, 4, 7]);
    });

    it('goes on behind the last event that the client got, and tells what is severe enough', async () => {
      answers.push(
        () => ({ timestamp: 4 }),
        () => ({ entries: [started, failed, custom] }),
      );
      const text = await read('?severity=warning&after=1&category=job', { 'last-event-id': '3' }, (so) =>
        so.includes('id:'),
      );
      expect(text.match(/^id: .*/gm)).toEqual(['id: 6']);
      expect(requestOf(1)).toEqual({ workflow: String(streamed), after: 3, category: 'job', limit: 1000 });
    });

    it('waits while a service is away, and ends when the workflow is deleted', async () => {
      answers.push(
        () => ({ timestamp: null }),
        () => new DomainError('unavailable', 'x', 'no answer'),
        () => ({ entries: [custom, '{"timestamp":8}'] }),
        () => new DomainError('not-found', 'x', 'the workflow does not exist'),
      );
      const { status, body } = await call('GET', `${path}?severity=debug`);
      expect([status, body.match(/^event: .*/gm)]).toEqual([200, ['event: my_tool', 'event: event']]);
    });

    it('ends when the token is revoked', async () => {
      const other = await startGateway([Service, Feed], {}, Revocations);
      const { status } = await httpCall('GET', `${other.url}/t/${alice}${path}`);
      await other.close();
      expect(status).toBe(200);
    });

    it('is not there for a workflow that does not exist', async () => {
      answers.push(() => new DomainError('not-found', 'x', 'workflow 97 does not exist'));
      await expect(statusOf('GET', path)).resolves.toBe(404);
    });

    it('asks for no more than the client takes, and ends with the server', async () => {
      const long = custom.replace('my tool', 'x'.repeat(1024 * 1024));
      const other = await startGateway([Service, Feed]);
      answers.push(
        () => ({ timestamp: 4 }),
        ...Array.from({ length: 1000 }, () => () => ({ entries: [long], next: 'x' })),
      );
      const response = await new Promise<IncomingMessage>((resolve) => {
        get(`${other.url}${path}?severity=debug`, resolve).on('error', () => undefined);
      });
      response.on('error', () => undefined).pause();
      let before = -1;
      while (before !== asked.length) {
        before = asked.length;
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
      expect(asked.length).toBeLessThan(100);
      answers.length = 0;
      response.resume();
      await other.close();
    });
  });
});
