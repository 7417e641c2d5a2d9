import { randomUUID } from 'node:crypto';
import { readFileSync, readdirSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { Caller } from '#bus/contract.js';
import {
  DeleteWebhook,
  GetWebhook,
  ListDeadLetters,
  ListWebhooks,
  PauseWebhook,
  PingWebhook,
  RegisterWebhook,
  type RegisterWebhookRequest,
  ReplayDeadLetters,
  ResumeWebhook,
} from '#contracts/cairn/webhooks.js';
import { ServiceHost } from '#event-sourcing/testing/service-host.js';
import { eventsAfter } from '../../../../test/harness/open-test-ledger.js';
import { NO_STREAM } from '#ledger/ledger.js';
import { eventually } from '#platform/testing/eventually.js';
import { SqliteKeyValueStore } from '#storage/sqlite-key-value-store.js';
import { EventsModule } from '../events.module.js';

const caller = (username: string, roles: readonly string[] = ['user'], groups: readonly string[] = []): Caller => ({
  ...{ subject: username, username, roles, groups, tokenIssuedAtMs: Date.now() },
});
const alice = caller('alice', ['user'], ['simprod']);
const carol = caller('carol', ['user'], ['simprod']);
const bob = caller('bob');
const admin = caller('root', ['admin']);

const DAY_MICROS = 24 * 3_600_000_000;

interface Sent {
  readonly path: string;
  readonly id: string;
  readonly type: string;
  readonly sequence: string;
}

describe('webhooks', () => {
  const host = new ServiceHost(EventsModule, { WEBHOOK_NETWORKS: 'loopback' });
  const received: Sent[] = [];
  /** What the target answers, by path. */
  const answers = new Map<string, number>();
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const { id, type, sequence } = JSON.parse(Buffer.concat(chunks).toString()) as Sent;
      const path = request.url ?? '';
      received.push({ path, id, type, sequence });
      response.writeHead(answers.get(path) ?? 200).end();
    });
  });
  let target = '';

  const append = async (
    stream: string,
    type: string,
    data: object,
    timeMicros = Date.now() * 1000,
  ): Promise<string> => {
    const [last] = await host.ledger.readStream(stream, { direction: 'backwards', limit: 1 });
    const id = randomUUID();
    const trace = { actor: 'grid', dialect: 'iceprod', correlationId: 'c', causationId: 'c', schemaVersion: 1 };
    await host.ledger.append(stream, last?.revision ?? NO_STREAM, [
      { id, type, data, metadata: { timeMicros, ...trace } },
    ]);
    return id;
  };
  const submit = (id: string, readers: readonly string[]): Promise<string> =>
    append(`workload-iceprod.main.${id}`, 'WorkloadSubmitted', {
      ...{ workload_id: id, status: 'processing', priority: 0.5, submitter: 'alice' },
      access: { read_groups: readers, write_groups: [], read_users: [], write_users: [] },
    });
  const move = (id: string, status: string, timeMicros?: number): Promise<string> =>
    append(`work-iceprod.main.${id}`, 'UnitsMoved', { units: [[0, 0]], status }, timeMicros);

  const register = async (request: Partial<RegisterWebhookRequest>, by = alice): Promise<Record<string, unknown>> => {
    const { document, secret } = await host.request(
      RegisterWebhook,
      { url: `${target}/hook`, description: '', filter: {}, ...request },
      by,
    );
    return { ...(JSON.parse(document) as object), secret };
  };
  const stateOf = async (id: unknown, by = alice): Promise<Record<string, unknown>> =>
    JSON.parse((await host.request(GetWebhook, { webhook_id: String(id) }, by)).document) as Record<string, unknown>;
  const sentTo = (path: string): readonly string[] => received.filter((one) => one.path === path).map(({ id }) => id);

  beforeAll(async () => {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    target = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    await host.start();
  });
  afterAll(async () => {
    await host.end();
    server.closeAllConnections();
    server.close();
  });

  it('get the events that they want and their owner may read, in order, each once', async () => {
    await submit('open', ['simprod']);
    await submit('closed', ['others']);
    const all = await register({ url: `${target}/all` });
    await register({ url: `${target}/some`, filter: { workload: ['open'], type: ['UnitsMoved'] } });
    const wanted: string[] = [];
    for (const status of ['waiting', 'queued', 'processing', 'complete']) {
      wanted.push(await move('open', status));
      await move('closed', status);
    }
    const described = await append('workload-iceprod.main.open', 'DatasetDescribed', { description: 'd' });
    await eventually(() => sentTo('/some'), wanted);
    await eventually(() => sentTo('/all'), [...wanted, described]);
    await eventually(async () => (await stateOf(all['webhook_id']))['delivered'], 5);
  });

  it('can begin in the past', async () => {
    await submit('old', ['simprod']);
    const ids = [await move('old', 'waiting'), await move('old', 'queued')];
    await register({ url: `${target}/past`, filter: { workload: ['old'], type: ['UnitsMoved'] }, after: '0' });
    await eventually(() => sentTo('/past'), ids);
  });

  it('are tried again with the same id, in order, also after a restart', async () => {
    answers.set('/fails', 503);
    const { webhook_id } = await register({ url: `${target}/fails`, filter: { workload: ['open'] } });
    const first = await move('open', 'waiting');
    const second = await move('open', 'queued');
    await eventually(() => sentTo('/fails'), [first]);
    await eventually(
      async () => (await stateOf(webhook_id))['failing'],
      expect.objectContaining({ error: 'answered 503' }),
    );
    await host.stop();
    answers.delete('/fails');
    await host.start();
    await eventually(() => sentTo('/fails'), [first, first, second]);
    await eventually(async () => (await stateOf(webhook_id))['failing'], null);
  });

  it('go on at the end of a ledger that was restored and ends before what was sent', async () => {
    const { webhook_id } = await register({ url: `${target}/restored` });
    await host.stop();
    const store = new SqliteKeyValueStore(join(host.folder, 'key-value-store', 'events.sqlite'));
    const key = `webhook-progress/${String(webhook_id)}`;
    const progress = JSON.parse((await store.get(key)) ?? '{}') as object;
    await store.put(key, JSON.stringify({ ...progress, cursor: '1000000.7' }));
    await store.close();
    await host.start();
    const next = await move('open', 'waiting');
    await eventually(() => sentTo('/restored'), [next]);
  });

  it('give up an event after a day, keep it, and send it again when asked', async () => {
    const { webhook_id } = await register({ url: `${target}/dead`, filter: { workload: ['open'] } });
    await host.request(PauseWebhook, { webhook_id: String(webhook_id) }, alice);
    await host.stop();
    // The target has taken nothing since long ago.
    const store = new SqliteKeyValueStore(join(host.folder, 'key-value-store', 'events.sqlite'));
    const key = `webhook-progress/${String(webhook_id)}`;
    const progress = JSON.parse((await store.get(key)) ?? '{}') as object;
    await store.put(key, JSON.stringify({ ...progress, aliveMs: 0 }));
    await store.close();
    answers.set('/dead', 500);
    await host.start();
    const late = await move('open', 'waiting', Date.now() * 1000 - 2 * DAY_MICROS);
    await append(`directory-cairn.webhooks.${String(webhook_id)}`, 'WebhookResumed', {
      webhook_id,
      owner: {
        ...{ subject: 'alice', username: 'alice', roles: ['user'], groups: ['simprod'] },
        token_issued_at_ms: Date.now(),
      },
    });
    await host.stop();
    await host.start();
    await eventually(async () => (await stateOf(webhook_id))['dead_letters'], 1);
    const { entries } = await host.request(ListDeadLetters, { webhook_id: String(webhook_id) }, alice);
    expect(entries.map((text) => JSON.parse(text) as object)).toEqual([
      expect.objectContaining({ id: late, type: 'UnitsMoved', error: 'answered 500' }),
    ]);
    const replay = () => host.request(ReplayDeadLetters, { webhook_id: String(webhook_id) }, alice);
    expect(await replay()).toEqual({ delivered: 0, left: 1, error: 'answered 500' });
    answers.delete('/dead');
    expect(await replay()).toEqual({ delivered: 1, left: 0 });
    expect(new Set(sentTo('/dead'))).toEqual(new Set([late]));
    await expect(host.request(ListDeadLetters, { webhook_id: String(webhook_id), cursor: 'x' }, alice)).rejects.toThrow(
      'cursor must be what an answer to this list gave as next',
    );
    expect((await host.request(ListDeadLetters, { webhook_id: String(webhook_id) }, alice)).entries).toEqual([]);
  });

  it('send nothing that their owner may read no more, and rest when his tokens are revoked', async () => {
    await submit('rule', ['simprod']);
    const { webhook_id } = await register(
      {
        url: `${target}/rule`,
        filter: { workload: ['rule'], type: ['UnitsMoved'] },
      },
      carol,
    );
    const first = await move('rule', 'waiting');
    await eventually(() => sentTo('/rule'), [first]);
    await append('access-iceprod.main.rule', 'AccessRuleSet', { read_groups: ['others'] });
    await move('rule', 'queued');
    await append('access-iceprod.main.rule', 'AccessRuleSet', { read_groups: ['simprod'] });
    const third = await move('rule', 'processing');
    // Judged when it is sent: the second may have come when the rule had opened again.
    await eventually(() => sentTo('/rule').at(-1), third);
    await append('user-cairn.main.carol', 'UserTokensRevoked', { username: 'carol', issued_until_ms: Date.now() });
    await eventually(async () => (await stateOf(webhook_id, carol))['status'], 'suspended');
    await expect(host.request(ReplayDeadLetters, { webhook_id: String(webhook_id) }, carol)).rejects.toMatchObject({
      kind: 'state',
    });
    const missed = await move('rule', 'complete');
    const { document } = await host.request(
      ResumeWebhook,
      { webhook_id: String(webhook_id) },
      { ...carol, tokenIssuedAtMs: Date.now() + 1000 },
    );
    expect(JSON.parse(document)).toMatchObject({ status: 'active' });
    await eventually(() => sentTo('/rule').at(-1), missed);
  });

  it('send nothing again that their owner may read no more when it is tried again', async () => {
    answers.set('/again', 503);
    await submit('again', ['simprod']);
    const { webhook_id } = await register({ url: `${target}/again`, filter: { workload: ['again'] } });
    const tried = await move('again', 'waiting');
    await eventually(
      async () => (await stateOf(webhook_id))['failing'],
      expect.objectContaining({ error: 'answered 503' }),
    );
    await append('access-iceprod.main.again', 'AccessRuleSet', { read_groups: ['others'] });
    answers.delete('/again');
    await eventually(async () => (await stateOf(webhook_id))['failing'], null);
    expect(sentTo('/again')).toEqual([tried]);
    expect(await stateOf(webhook_id)).toMatchObject({ status: 'active', delivered: 0 });
  });

  it('are resumed by their owner only, whose rights they then have', async () => {
    const { webhook_id } = await register({ url: `${target}/resumed` }, bob);
    const of = { webhook_id: String(webhook_id) };
    await host.request(ResumeWebhook, of, admin);
    await host.request(PauseWebhook, of, admin);
    await expect(host.request(ResumeWebhook, of, admin)).rejects.toMatchObject({ kind: 'forbidden' });
    expect(await stateOf(webhook_id, bob)).toMatchObject({ status: 'paused', owner: 'bob' });
    await host.request(ResumeWebhook, of, bob);
    expect(await stateOf(webhook_id, bob)).toMatchObject({ status: 'active', owner: 'bob' });
    await host.request(DeleteWebhook, of, admin);
  });

  it('pause when their target is gone', async () => {
    answers.set('/gone', 410);
    const { webhook_id } = await register({ url: `${target}/gone`, filter: { workload: ['open'] } });
    await move('open', 'waiting');
    await eventually(async () => (await stateOf(webhook_id))['reason'], 'gone');
  });

  it('are their owners’ and administrators’ only', async () => {
    const { webhook_id } = await register({ url: `${target}/own` }, bob);
    const id = String(webhook_id);
    const own = async (by: Caller): Promise<readonly unknown[]> =>
      (await host.request(ListWebhooks, {}, by)).entries.map(
        (text) => (JSON.parse(text) as { webhook_id: string }).webhook_id,
      );
    expect(await own(bob)).toEqual([id]);
    expect(await own(admin)).toContain(id);
    expect(await own(alice)).not.toContain(id);
    for (const contract of [GetWebhook, PauseWebhook, ResumeWebhook, DeleteWebhook, PingWebhook, ReplayDeadLetters]) {
      await expect(host.request<object, unknown>(contract, { webhook_id: id }, alice)).rejects.toThrow(
        'Webhook not found',
      );
    }
    expect(await host.request(PingWebhook, { webhook_id: id }, admin)).toEqual({ status: 200 });
    expect(received.at(-1)).toMatchObject({ path: '/own', type: 'cairn.webhook.Ping' });
    await host.request(DeleteWebhook, { webhook_id: id }, bob);
    await expect(host.request(GetWebhook, { webhook_id: id }, bob)).rejects.toThrow('Webhook not found');
    expect(await own(bob)).toEqual([]);
  });

  it('show their key once, and keep URL and key out of the history and unreadable at rest', async () => {
    const command = randomUUID();
    const request = { url: `${target}/very-secret-path`, description: '', filter: {} };
    const first = await host.request(RegisterWebhook, request, alice, command);
    const { webhook_id } = JSON.parse(first.document) as { webhook_id: string };
    const repeated = await host.request(RegisterWebhook, request, alice, command);
    expect(repeated.secret).toBe(first.secret);
    expect(JSON.parse(repeated.document)).toMatchObject({ webhook_id });
    expect(first.secret).toMatch(/^whsec_/);
    expect(JSON.stringify(await stateOf(webhook_id))).not.toContain(first.secret);
    const history = JSON.stringify(await eventsAfter(host.ledger, 0));
    const folder = join(host.folder, 'key-value-store');
    const files = readdirSync(folder).map((name) => readFileSync(join(folder, name)).toString('latin1'));
    for (const secret of [first.secret, 'very-secret-path']) {
      expect(history).not.toContain(secret);
      for (const file of files) expect(file.includes(secret)).toBe(false);
    }
  });

  it.each([
    ['ftp://example.org/', 'url must be an http or https URL'],
    ['not a url', 'url must be an http or https URL'],
    ['https://user:word@example.org/', 'url must not hold a user or a password'],
    ['http://169.254.169.254/latest', 'url: 169.254.169.254 has no public address'],
  ])('are refused for %s', async (url, message) => {
    await expect(register({ url })).rejects.toThrow(message);
  });

  it('are refused for a workload without a history, or a place that the history does not have', async () => {
    await expect(register({ filter: { workload: ['nowhere'] } })).rejects.toMatchObject({ kind: 'not-found' });
    await expect(register({ after: '99999999' })).rejects.toThrow('after: the history has no event 99999999');
  });
});
