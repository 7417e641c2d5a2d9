import { connect } from '@nats-io/transport-node';
import { NatsBus } from './nats-bus.js';
import { connectNats, NatsUnreachable } from './nats-connection.js';
import { NatsStrategy } from './nats.strategy.js';
import { ChunkedMessages } from './chunked-messages.js';
import { busContract, contextFor, Echo, Silent, SuiteController } from './testing/bus-contract.js';
import { type NatsServer, startNatsServer } from './testing/nats-server.js';
import { memoryLog, serveModule, SuiteModule } from './testing/serve-module.js';

interface Running {
  readonly logged: () => string;
  /** As SIGTERM does it. */
  stop(): Promise<void>;
  /** As SIGKILL does it: the broker learns that the connection is gone, nobody else anything. */
  kill(): Promise<void>;
}

const startService = async (server: NatsServer): Promise<Running> => {
  const { log, logged } = memoryLog();
  const connection = await connectNats({ NATS_URL: [server.url] }, 'tasks', log);
  const app = await serveModule(
    SuiteModule,
    new NatsStrategy(connection, new ChunkedMessages(connection), 'tasks', log),
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

const startBus = async (
  server: NatsServer,
): Promise<{ readonly bus: NatsBus; readonly close: () => Promise<void> }> => {
  const connection = await connectNats({ NATS_URL: [server.url] }, 'gateway', memoryLog().log);
  return { bus: new NatsBus(connection, new ChunkedMessages(connection)), close: () => connection.close() };
};

busContract('NATS', async () => {
  const server = await startNatsServer();
  const service = await startService(server);
  const { bus, close } = await startBus(server);
  return {
    bus,
    logged: service.logged,
    close: async () => {
      SuiteController.release();
      await close();
      await service.stop();
      await server.remove();
    },
  };
});

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
    const answer = await stranger.request(Echo.subject, '{"hello":1}');
    expect(answer.json()).toMatchObject({ error: { code: 'bus.unreadable' } });
    await stranger.close();
  });

  it('names the address when no broker answers', async () => {
    await server.stop();
    const refused = connectNats({ NATS_URL: [server.url] }, 'tasks', memoryLog().log, 300);
    await expect(refused).rejects.toThrow(NatsUnreachable);
    await expect(refused).rejects.toThrow(`NATS_URL is set but no connection is made to 127.0.0.1:${server.port}`);
  });
});

const until = async (condition: () => boolean): Promise<void> => {
  while (!condition()) await new Promise((resolve) => setImmediate(resolve));
};
