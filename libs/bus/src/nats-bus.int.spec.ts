import { connect, type Msg, type NatsConnection } from '@nats-io/transport-node';
import { NatsBus } from './nats-bus.js';
import { connectNats, NatsUnreachable } from './nats-connection.js';
import { NatsStrategy } from './nats.strategy.js';
import type { ProcessName } from './contract.js';
import { codecOf, makeTestKeys, type TestKeys } from './testing/message-keys.js';
import {
  AUTH_SHOWS_UP_TO,
  busContract,
  Callable,
  Change,
  contextFor,
  Echo,
  Look,
  Secret,
  Silent,
  SuiteController,
  type SuiteSetup,
} from './testing/bus-contract.js';
import { type NatsServer, startNatsServer } from './testing/nats-server.js';
import { AuthModule, DatasetsModule, memoryLog, serveModule, TasksModule } from './testing/serve-module.js';

interface Running {
  readonly logged: () => string;
  /** As SIGTERM does it. */
  stop(): Promise<void>;
  /** As SIGKILL does it: the broker learns that the connection is gone, nobody else anything. */
  kill(): Promise<void>;
}

const MODULES = { tasks: TasksModule, datasets: DatasetsModule, auth: AuthModule };

const startService = async (
  server: NatsServer,
  keys?: TestKeys,
  name: keyof typeof MODULES = 'tasks',
): Promise<Running> => {
  const { log, logged } = memoryLog();
  const connection = await connectNats({ NATS_URL: [server.url] }, name, log);
  const app = await serveModule(
    MODULES[name],
    new NatsStrategy(connection, codecOf(name, connection, log, keys), name, log),
    log,
  );
  return {
    logged,
    stop: async () => {
      await app.close();
      await connection.close();
    },
    kill: () => connection.close(),
  };
};

interface Sender {
  readonly bus: NatsBus;
  readonly close: () => Promise<void>;
}

const startBus = async (server: NatsServer, keys?: TestKeys, name: ProcessName = 'gateway'): Promise<Sender> => {
  const { log } = memoryLog();
  const connection = await connectNats({ NATS_URL: [server.url] }, name, log);
  return {
    bus: new NatsBus(connection, codecOf(name, connection, log, keys), name),
    close: () => connection.close(),
  };
};

const suiteSetup = async (keys?: TestKeys): Promise<SuiteSetup> => {
  const server = await startNatsServer();
  const service = await startService(server, keys);
  const others = [await startService(server, keys, 'datasets'), await startService(server, keys, 'auth')];
  const { bus, close } = await startBus(server, keys);
  return {
    bus,
    logged: service.logged,
    close: async () => {
      SuiteController.release();
      await close();
      for (const started of [service, ...others]) await started.stop();
      await server.remove();
    },
  };
};

busContract('NATS', () => suiteSetup());
busContract('NATS with keys', () => suiteSetup(makeTestKeys()));

describe('NATS transport', () => {
  let server: NatsServer;
  let sender: Awaited<ReturnType<typeof startBus>>;
  const running: Running[] = [];
  const start = async (): Promise<Running> => {
    const service = await startService(server);
    running.push(service);
    return service;
  };

  beforeEach(async () => {
    server = await startNatsServer();
    sender = await startBus(server);
  });
  afterEach(async () => {
    SuiteController.release();
    await sender.close();
    for (const service of running.splice(0)) await service.kill();
    await server.remove();
  });

  it('reaches a service that starts after the request was sent', async () => {
    const reply = sender.bus.request(Echo, { text: 'early' }, contextFor(10_000));
    await start();
    await expect(reply).resolves.toEqual({ text: 'early' });
  });

  it('sends a command again, with the same command id, when the service dies over it', async () => {
    const first = await start();
    const asked = sender.bus.request(Silent, {}, contextFor(10_000, { commandId: 'command-7' }));
    await until(() => SuiteController.silent.length === 1);
    await first.kill();
    await start();
    await until(() => SuiteController.silent.length === 2);
    expect(SuiteController.silent.map(({ context }) => context.commandId)).toEqual(['command-7', 'command-7']);
    SuiteController.release();
    await expect(asked).resolves.toEqual({});
  });

  it('names a command that has no name, as it may arrive twice', async () => {
    const first = await start();
    const asked = sender.bus.request(Silent, {}, contextFor(10_000));
    await until(() => SuiteController.silent.length === 1);
    await first.kill();
    await start();
    await until(() => SuiteController.silent.length === 2);
    const [once, again] = SuiteController.silent.map(({ context }) => context.commandId);
    expect(once).toMatch(/^[0-9a-f]{32}$/);
    expect(again).toBe(once);
    SuiteController.release();
    await expect(asked).resolves.toEqual({});
  });

  it('does not hand a request to a service twice while it works on it', async () => {
    await start();
    const asked = sender.bus.request(Silent, {}, contextFor(2500));
    await expect(asked).rejects.toMatchObject({ kind: 'unavailable' });
    expect(SuiteController.silent).toHaveLength(1);
  });

  it('finishes what is in flight when it stops', async () => {
    const service = await start();
    const replies = Promise.all(
      Array.from({ length: 200 }, (_, index) => sender.bus.request(Echo, { text: String(index) }, contextFor(10_000))),
    );
    await service.stop();
    await start();
    await expect(replies).resolves.toHaveLength(200);
  });

  it('hands each message to one of several replicas', async () => {
    await start();
    await start();
    const asked = Array.from({ length: 20 }, () => sender.bus.request(Silent, {}, contextFor(300)));
    await Promise.allSettled(asked);
    expect(SuiteController.silent).toHaveLength(20);
  });

  it('goes on after the broker was restarted', async () => {
    await start();
    await server.restart();
    await expect(sender.bus.request(Echo, { text: 'again' }, contextFor(10_000))).resolves.toEqual({ text: 'again' });
  });

  it('refuses a message that is not one', async () => {
    await start();
    const stranger = await connect({ servers: server.url });
    const answer = await stranger.request(Echo.subject, 'gateway - json -\n{"hello":1}');
    expect(answer.string()).toMatch(/^tasks - json -\n\{"error":\{.*"bus\.unreadable"/);
    await expect(stranger.request(Echo.subject, '{"hello":1}', { timeout: 200 })).rejects.toThrow('timeout');
    expect(running[0]?.logged()).toContain('a message was refused');
    await stranger.close();
  });

  it('names the address when no broker answers', async () => {
    await server.stop();
    const refused = connectNats({ NATS_URL: [server.url] }, 'tasks', memoryLog().log, 300);
    await expect(refused).rejects.toThrow(NatsUnreachable);
    await expect(refused).rejects.toThrow(`NATS_URL is set but no connection is made to 127.0.0.1:${server.port}`);
  });
});

describe('NATS transport with keys', () => {
  const keys = makeTestKeys();
  let server: NatsServer;
  let service: Running;
  let sender: Sender;
  /** Has full rights at the broker, as its administrator has. */
  let intruder: NatsConnection;

  beforeAll(async () => {
    server = await startNatsServer();
    service = await startService(server, keys);
    sender = await startBus(server, keys);
    intruder = await connect({ servers: server.url });
  });
  afterAll(async () => {
    await intruder.close();
    await sender.close();
    await service.stop();
    await server.remove();
  });

  /** The bytes of a request while it crosses the broker. */
  const captured = async (send: () => Promise<unknown>): Promise<{ request: Msg; answer: Msg }> => {
    const messages: Msg[] = [];
    const everything = intruder.subscribe('>', { callback: (_error, message) => void messages.push(message) });
    await intruder.flush();
    await send();
    await intruder.flush();
    everything.unsubscribe();
    const [request, answer] = messages;
    if (request === undefined || answer === undefined) throw new Error('nothing was captured');
    return { request, answer };
  };

  const refuses = async (subject: string, data: Uint8Array | string): Promise<void> => {
    const answered = intruder.request(subject, data, { timeout: 300 });
    await expect(answered).rejects.toThrow('timeout');
  };

  it('refuses messages of a stranger, whoever they name as caller', async () => {
    const message = JSON.stringify({ context: contextFor(), request: { text: 'forged' } });
    await refuses(Echo.subject, message);
    await refuses(Echo.subject, `gateway - json -\n${message}`);
    expect(service.logged()).toContain('a message was refused');
  });

  it('refuses a captured message with another text, subject or place for its answer', async () => {
    const { request } = await captured(() => sender.bus.request(Echo, { text: 'mine' }, contextFor()));
    await refuses(Echo.subject, request.data);
    const changed = Buffer.from(Buffer.from(request.data).toString('latin1').replace('alice', 'admin'), 'latin1');
    const before = service.logged().length;
    intruder.publish(Echo.subject, changed, { reply: request.reply ?? '' });
    intruder.publish('cairn.v1.tasks.test.refuse', request.data, { reply: request.reply ?? '' });
    const answers: Msg[] = [];
    const listening = intruder.subscribe(request.reply ?? '', {
      callback: (_error, message) => void answers.push(message),
    });
    await intruder.flush();
    await sender.bus.request(Echo, { text: 'later' }, contextFor());
    await intruder.flush();
    listening.unsubscribe();
    expect(answers).toEqual([]);
    expect(service.logged().length).toBeGreaterThanOrEqual(before);
  });

  it('refuses a message after its deadline, as a copy that somebody sends again', async () => {
    const connection = await connectNats({ NATS_URL: [server.url] }, 'gateway', memoryLog().log);
    const codec = codecOf('gateway', connection, memoryLog().log, keys);
    const ask = async (withinMs: number): Promise<unknown> => {
      const reply = `_INBOX.gateway.late${withinMs}`;
      const message = { context: contextFor(withinMs), request: { text: 'late' } };
      const answers = connection.subscribe(reply, { max: 1 });
      connection.publish(Echo.subject, codec.encodeRequest(Echo, reply, message).bytes, { reply });
      for await (const { data } of answers) return codec.decodeAnswer('tasks', reply, data);
      return undefined;
    };
    await expect(ask(-30_000)).resolves.toEqual({ reply: { text: 'late' } });
    await expect(ask(-61_000)).resolves.toMatchObject({ error: { code: 'bus.refused' } });
    await connection.close();
  });

  it('refuses what a service may not send, and answers what it may', async () => {
    const pilots = await startBus(server, keys, 'pilots');
    await expect(pilots.bus.request(Echo, { text: 'x' }, contextFor())).rejects.toMatchObject({
      code: 'bus.refused',
      message: 'the message was refused: pilots may not send it',
    });
    await expect(pilots.bus.request(Callable, {}, contextFor())).resolves.toEqual({});
    await pilots.close();
  });

  it('has a caller wait behind any gateway for what another process has answered early', async () => {
    const others = [await startService(server, keys, 'datasets'), await startService(server, keys, 'auth')];
    const senders = [await startBus(server, keys), await startBus(server, keys, 'pilots')];
    const intrudes = { caller: { subject: 'bob' }, services: ['auth'], position: Number.MAX_SAFE_INTEGER };
    intruder.publish('cairn.v1.gateway.unseen-changes', `gateway - json -\n${JSON.stringify(intrudes)}`);
    for (const [index, { bus }] of senders.entries()) {
      const caller = { subject: `alice-${index}`, username: 'alice', roles: ['user'], groups: ['users'] };
      await bus.request(Change, { position: AUTH_SHOWS_UP_TO + 1 }, contextFor(20_000, { caller }));
      await expect(sender.bus.request(Look, {}, contextFor(300, { caller }))).rejects.toMatchObject({
        code: 'bus.not-visible-yet',
      });
      const looking = sender.bus.request(Look, {}, contextFor(20_000, { caller }));
      SuiteController.authShowsUpTo = AUTH_SHOWS_UP_TO + 1;
      await expect(looking).resolves.toEqual({ seen: true });
      SuiteController.authShowsUpTo = AUTH_SHOWS_UP_TO;
    }
    const bob = { subject: 'bob', username: 'bob', roles: ['user'], groups: ['users'] };
    await expect(sender.bus.request(Look, {}, contextFor(20_000, { caller: bob }))).resolves.toEqual({ seen: true });
    for (const { close } of senders) await close();
    for (const started of others) await started.stop();
  });

  it('ignores the answer of a stranger and waits for the right one', async () => {
    const forger = intruder.subscribe(Echo.subject, {
      callback: (_error, { reply = '' }) => {
        intruder.publish(reply, 'tasks - json -\n{"reply":{"text":"forged"}}');
        intruder.publish(reply, '{"reply":{"text":"forged"}}');
      },
    });
    await intruder.flush();
    await expect(sender.bus.request(Echo, { text: 'true' }, contextFor())).resolves.toEqual({ text: 'true' });
    forger.unsubscribe();
  });

  it('encrypts what a contract seals, in both directions, large or small', async () => {
    for (const text of ['hunter2', 'hunter2'.repeat(200_000)]) {
      const seen: string[] = [];
      const everything = intruder.subscribe('>', {
        callback: (_error, { data }) => void seen.push(Buffer.from(data).toString('latin1')),
      });
      await intruder.flush();
      await expect(sender.bus.request(Secret, { text }, contextFor())).resolves.toEqual({ text });
      await intruder.flush();
      everything.unsubscribe();
      expect(seen.length).toBeGreaterThan(1);
      expect(seen.filter((message) => /hunter2|"text"/.test(message))).toEqual([]);
    }
  });
});

const until = async (condition: () => boolean): Promise<void> => {
  while (!condition()) await new Promise((resolve) => setImmediate(resolve));
};
