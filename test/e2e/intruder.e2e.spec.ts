import { createPrivateKey } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { connect, type Msg, type NatsConnection, usernamePasswordAuthenticator } from '@nats-io/transport-node';
import { BUS_KEY_FILES } from '#bus/bus-keys.js';
import { ChunkedMessages } from '#bus/chunked-messages.js';
import type { Caller, MessageContext, ProcessName } from '#bus/contract.js';
import { MessageCodec } from '#bus/message-codec.js';
import { MessageFrames } from '#bus/message-frames.js';
import { readMessageKeys } from '#bus/message-keys.js';
import { NatsBus } from '#bus/nats-bus.js';
import { connectNats } from '#bus/nats-connection.js';
import { memoryLog } from '#bus/testing/serve-module.js';
import { CreateToken, CreateUser, LogIn } from '#contracts/iceprod/users.js';
import { loadEnvironment } from '#platform/environment.js';
import { eventually } from '#platform/testing/eventually.js';
import { startOver } from '../harness/cairn-process.js';
import { textIn } from '../harness/json-fields.js';
import { LDAP_BASE, type LdapServer, startLdapServer } from '../harness/ldap-server.js';
import { PASSWORDS } from '../harness/passwords.js';
import { type SecuredBroker, startSecuredBroker } from '../harness/secured-broker.js';
import { openTestCluster, type TestCluster, VARIABLES } from '../harness/test-cluster.js';

const ADMINISTRATOR = 'password of the broker';
const ROOT: Caller = { subject: 'root', username: 'root', roles: ['admin'], groups: ['admin'] };

const contextOf = (withinMs: number): MessageContext => ({
  correlationId: 'intruder',
  deadlineMs: Date.now() + withinMs,
  dialect: 'iceprod',
  caller: ROOT,
});

const TOKEN_REQUEST = {
  presented: { kind: 'secret', username: 'root', role: 'admin', expiresAtSeconds: 4_000_000_000 },
  role: 'admin',
} as const;

describe('an intruder at the broker', () => {
  let broker: SecuredBroker;
  let ldap: LdapServer;
  let cluster: TestCluster;
  const connections: NatsConnection[] = [];

  beforeAll(async () => {
    broker = await startSecuredBroker({ administrator: ADMINISTRATOR });
    ldap = await startLdapServer(PASSWORDS);
    const directory = { LDAP_URL: ldap.url, LDAP_BASE };
    cluster = await openTestCluster(await startOver(broker, { ...VARIABLES, ...directory }));
  });
  afterAll(async () => {
    for (const connection of connections) await connection.close();
    cluster.anonymous.close();
    await cluster.cairn.remove();
    await ldap.stop();
  });

  /** With the login of a process, as somebody has who broke into it. */
  const asProcess = async (
    name: ProcessName,
  ): Promise<{ connection: NatsConnection; refused: () => readonly string[] }> => {
    const connection = await connectNats(loadEnvironment(broker.variablesOf(name)), name, memoryLog().log);
    connections.push(connection);
    const errors: string[] = [];
    void (async () => {
      for await (const status of connection.status()) {
        if (status.type === 'error') errors.push(status.error.message.toLowerCase());
      }
    })();
    return { connection, refused: () => errors };
  };

  /** Refused nothing by the broker. */
  const asAdministrator = async (): Promise<NatsConnection> => {
    const connection = await connect({
      servers: `127.0.0.1:${broker.port}`,
      authenticator: usernamePasswordAuthenticator('administrator', ADMINISTRATOR),
      tls: { caFile: broker.ca },
    });
    connections.push(connection);
    return connection;
  };

  /** A bus with the message keys of a process over another connection. */
  const busOf = (name: ProcessName, connection: NatsConnection): NatsBus => {
    const { log } = memoryLog();
    const keys = readMessageKeys(loadEnvironment(broker.variablesOf(name)), name);
    return new NatsBus(
      connection,
      new MessageCodec(new MessageFrames(name, keys, log), new ChunkedMessages(connection, name)),
      name,
    );
  };

  /** All that crosses the broker meanwhile, headers and bodies. */
  const overheard = async (meanwhile: () => Promise<unknown>): Promise<readonly Msg[]> => {
    const connection = await asAdministrator();
    const messages: Msg[] = [];
    connection.subscribe('>', { callback: (_error, message) => void messages.push(message) });
    await connection.flush();
    await meanwhile();
    await connection.flush();
    return messages;
  };

  const textOf = ({ data }: Msg): string => Buffer.from(data).toString('latin1');

  it('does not connect without a login, nor with a login but without TLS', async () => {
    const servers = `127.0.0.1:${broker.port}`;
    await expect(connect({ servers, tls: { caFile: broker.ca } })).rejects.toThrow(/authorization violation/i);
    await expect(connect({ servers, tls: { caFile: broker.ca }, user: 'gateway', pass: 'x' })).rejects.toThrow(
      /authorization violation/i,
    );
    await expect(connect({ servers, tls: null })).rejects.toThrow();
  });

  it.each([
    ['everything', '>', {}],
    ['requests to another service', 'cairn.v1.auth.login', {}],
    ['requests in the queue group of another service', 'cairn.v1.auth.>', { queue: 'auth' }],
    ['requests to its own service beside its queue group', 'cairn.v1.pilots.>', {}],
    ['requests to its own service in a queue group of its own', 'cairn.v1.pilots.>', { queue: 'intruder' }],
    ['answers to the gateway', '_INBOX.gateway.>', {}],
    ['large messages of others', 'cairn.chunks.auth.>', {}],
    ['stored logs and files', '$O.cairn.>', {}],
  ])('does not receive %s with the login of a service', async (_what, subject, options) => {
    const { connection, refused } = await asProcess('pilots');
    connection.subscribe(subject, { ...options, callback: () => undefined });
    await eventually(
      () => refused().join(),
      expect.stringContaining(`permissions violation for subscription to "${subject.toLowerCase()}"`),
    );
  });

  it.each([
    'cairn.v1.auth.tokens.create',
    'cairn.v1.auth.users.create',
    'cairn.v1.datasets.get',
    'cairn.v1.tasks.tasks.claim',
    '_INBOX.gateway.abc',
    '$JS.API.STREAM.INFO.OBJ_cairn',
    '$JS.API.STREAM.NAMES',
    '$JS.API.STREAM.CREATE.spy',
    '$JS.API.CONSUMER.CREATE.OBJ_cairn',
    '$O.cairn.M.abc',
    '$SYS.REQ.SERVER.PING',
  ])('does not send to %s with the login of a service', async (subject) => {
    const { connection, refused } = await asProcess('pilots');
    connection.publish(subject, '{}');
    await eventually(
      () => refused().join(),
      expect.stringContaining(`permissions violation for publish to "${subject.toLowerCase()}"`),
    );
  });

  it('gets no answer to requests that name an administrator as caller', async () => {
    const connection = await asAdministrator();
    const forged = JSON.stringify({ context: contextOf(5000), request: TOKEN_REQUEST });
    for (const message of [forged, `gateway - json -\n${forged}`]) {
      await expect(connection.request(CreateToken.subject, message, { timeout: 500 })).rejects.toThrow('timeout');
    }
  });

  it('is refused what a service never sends, with all keys of that service', async () => {
    const connection = await asAdministrator();
    for (const name of ['datasets', 'pilots', 'events'] as const) {
      const asked = busOf(name, connection).request(CreateToken, TOKEN_REQUEST, contextOf(5000));
      await expect(asked).rejects.toMatchObject({ code: 'bus.refused' });
    }
    const pem = await readFile(join(broker.keys, 'pilots', BUS_KEY_FILES.privateKey), 'utf8');
    const keys = readMessageKeys(loadEnvironment(broker.variablesOf('pilots')), 'pilots');
    if (keys === undefined) throw new Error('no keys');
    const frames = new MessageFrames(
      'gateway',
      { ...keys, name: 'gateway', own: [createPrivateKey(pem)] },
      memoryLog().log,
    );
    const forger = new NatsBus(
      connection,
      new MessageCodec(frames, new ChunkedMessages(connection, 'gateway')),
      'gateway',
    );
    await expect(forger.request(CreateToken, TOKEN_REQUEST, contextOf(500))).rejects.toMatchObject({
      kind: 'unavailable',
    });
  });

  it('sees neither passwords nor tokens nor credentials though the broker refuses it nothing', async () => {
    const secrets: string[] = [PASSWORDS.pingu, 'secret of the bucket', 'key of the bucket'];
    const messages = await overheard(async () => {
      const login = await cluster.anonymous.post('/ldap', { username: 'pingu', password: PASSWORDS.pingu });
      const token = textIn(login.json, 'token');
      const created = await cluster.anonymous.as(token).post('/create_token', {});
      expect([login.status, created.status]).toEqual([200, 200]);
      secrets.push(token, textIn(created.json, 'result'));
      const credential = { url: 'https://s3.example.org', type: 's3', buckets: ['b'] };
      const keys = { access_key: 'key of the bucket', secret_key: 'secret of the bucket' };
      expect((await cluster.alice.post('/users/alice/credentials', { ...credential, ...keys })).status).toBe(200);
      const { json } = await cluster.alice.get('/users/alice/credentials');
      expect(JSON.stringify(json)).toContain('secret of the bucket');
    });
    expect(secrets.length).toBeGreaterThan(4);
    const subjects = messages.map(({ subject }) => subject);
    expect(subjects).toEqual(expect.arrayContaining([LogIn.subject, CreateToken.subject]));
    for (const secret of secrets) {
      expect(messages.filter((message) => textOf(message).includes(secret)).map(({ subject }) => subject)).toEqual([]);
    }
  });

  it('changes nothing by sending again what it overheard, neither as it is nor with another caller', async () => {
    const create = { username: 'mallory' };
    const messages = await overheard(async () => {
      expect((await cluster.admin.post('/users', create)).status).toBe(201);
      const { json } = await cluster.admin.get('/users?username=mallory');
      expect(JSON.stringify(json)).toContain('mallory');
      expect((await cluster.admin.send('DELETE', '/users/mallory')).status).toBeLessThan(300);
    });
    const captured = messages.find(({ subject }) => subject === CreateUser.subject);
    if (captured === undefined) throw new Error('the message was not overheard');
    const connection = await asAdministrator();
    connection.publish(captured.subject, captured.data, { reply: captured.reply ?? '' });
    await expect(connection.request(captured.subject, captured.data, { timeout: 500 })).rejects.toThrow('timeout');
    const changed = Buffer.from(textOf(captured).replaceAll('mallory', 'mallorx'), 'latin1');
    connection.publish(captured.subject, changed, { reply: captured.reply ?? '' });
    await connection.flush();
    // A later request has its answer after what was sent before.
    const { json } = await cluster.admin.get('/users');
    expect(JSON.stringify(json)).not.toMatch(/mallor[yx]/);
  });
});
