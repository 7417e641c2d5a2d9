import { createServer } from 'node:net';
import { EventStoreDbDouble } from '#ledger/testing/eventstoredb-double.js';

import { type Cairn, startOver } from '../harness/cairn-process.js';
import { type SecuredBroker, startSecuredBroker } from '../harness/secured-broker.js';
import { VARIABLES } from '../harness/test-cluster.js';

/** Sooner than the limit after which a process gives up and ends with 1. */
const STOP_WITHIN_MS = 9_000;

const isRunning = (pid: number): boolean => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

/** Names of the processes that are still there after the time. */
const stillRunning = async (pids: ReadonlyMap<string, number>, withinMs: number): Promise<readonly string[]> => {
  const giveUpMs = performance.now() + withinMs;
  for (;;) {
    const running = [...pids].filter(([, pid]) => isRunning(pid)).map(([name]) => name);
    if (running.length === 0 || performance.now() > giveUpMs) return running;
    await new Promise((resume) => setTimeout(resume, 20));
  }
};

describe('services that are told to stop', () => {
  let broker: SecuredBroker;
  let ledger: EventStoreDbDouble;
  let cairn: Cairn;

  beforeEach(async () => {
    broker = await startSecuredBroker();
    ledger = await EventStoreDbDouble.start();
    cairn = await startOver(broker, { ...VARIABLES, EVENTSTORE_URL: ledger.url });
  });

  afterEach(async () => {
    await cairn.remove();
    ledger.stop();
  });

  it.each([
    { away: 'NATS', stop: () => broker.stop('SIGKILL') },
    {
      away: 'the ledger',
      stop: () => {
        ledger.stop();
        return Promise.resolve();
      },
    },
    {
      away: 'NATS and the ledger',
      stop: () => {
        ledger.stop();
        return broker.stop('SIGKILL');
      },
    },
  ])('all end by themselves without $away', async ({ stop }) => {
    await stop();
    const pids = cairn.pids();
    for (const pid of pids.values()) process.kill(pid, 'SIGTERM');
    expect(await stillRunning(pids, STOP_WITHIN_MS)).toEqual([]);
    expect(cairn.output()).not.toContain('did not stop in time');
  });
});

/** Resolves when so many connections to the port have been refused. */
const refusals = async (port: number, count: number): Promise<void> => {
  const { promise, resolve } = Promise.withResolvers<void>();
  let refused = 0;
  const server = createServer((socket) => {
    socket.on('error', () => undefined).destroy();
    if (++refused === count) resolve();
  }).listen(port, '127.0.0.1');
  await promise;
  server.close();
};

describe('services that are started first', () => {
  it('wait for NATS and the ledger', async () => {
    const broker = await startSecuredBroker();
    const ledger = await EventStoreDbDouble.start();
    await broker.stop('SIGKILL');
    ledger.stopNode(0);
    const starting = startOver(broker, { ...VARIABLES, EVENTSTORE_URL: ledger.url });
    await refusals(broker.port, 30);
    await broker.restart();
    await refusals(Number(new URL(ledger.url).port), 10);
    await ledger.startNode(0);
    const cairn = await starting;
    expect(cairn.output()).toContain('the start waits for NATS');
    expect(cairn.output()).toContain('the start waits for EventStoreDB');
    await cairn.remove();
    ledger.stop();
  });
});
