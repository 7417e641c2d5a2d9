import { MessageChannel } from 'node:worker_threads';
import { Metrics } from '#platform/metrics.js';
import { type Answer, query } from './contract.js';
import { InProcessBus } from './in-process-bus.js';
import { InProcessStrategy } from './in-process.strategy.js';
import { serveThread } from './serve-thread.js';
import { busContract, contextFor, Echo, SuiteController } from './testing/bus-contract.js';
import { memoryLog, serveModule, SuiteModule } from './testing/serve-module.js';
import { ThreadBus } from './thread-bus.js';

const Uncopyable = query<object, object>('tasks', 'test.uncopyable');

const REPORT = { ready: false, checks: { ledger: 'ok', 'data folder': 'is full' } };

const start = async () => {
  const { log, logged } = memoryLog();
  const strategy = new InProcessStrategy();
  strategy.addHandler(Uncopyable.subject, (): Promise<Answer<object>> => Promise.resolve({ reply: { go: () => 1 } }));
  const app = await serveModule(SuiteModule, strategy, log);
  const { port1, port2 } = new MessageChannel();
  let strays = 0;
  const questions = {
    health: () => Promise.resolve(REPORT),
    turn: () => Promise.resolve(),
    metrics: () => Promise.reject(new Error('the password is hunter2')),
    strayRejection: () => {
      strays += 1;
      return Promise.resolve();
    },
  };
  const bus = new ThreadBus(port2);
  serveThread(port1, new InProcessBus(strategy, new Metrics()), questions, log);
  return {
    bus,
    logged,
    strays: () => strays,
    close: async () => {
      SuiteController.release();
      await app.close();
      port1.close();
    },
  };
};

busContract('between threads', start);

describe('ThreadBus', () => {
  let running: Awaited<ReturnType<typeof start>>;

  beforeAll(async () => {
    running = await start();
  });
  afterAll(() => running.close());

  it('asks the process for what the gateway shows of it', async () => {
    await expect(running.bus.ask('health')).resolves.toEqual(REPORT);
    await running.bus.ask('strayRejection');
    expect(running.strays()).toBe(1);
  });

  it('learns nothing of an unexpected failure but that there was one', async () => {
    await expect(running.bus.ask('metrics')).rejects.toMatchObject({ kind: 'internal', message: 'internal error' });
    expect(running.logged()).toContain('hunter2');
  });

  it('refuses a request that cannot be copied, and carries the others of the same turn', async () => {
    const carried = running.bus.request(Echo, { text: 'first' }, contextFor());
    const refused = running.bus.request(Uncopyable, { go: () => 1 }, contextFor());
    await expect(refused).rejects.toMatchObject({ kind: 'internal', code: 'bus.unsendable' });
    await expect(carried).resolves.toEqual({ text: 'first' });
  });

  it('refuses a reply that cannot be copied, and logs why', async () => {
    await expect(running.bus.request(Uncopyable, {}, contextFor())).rejects.toMatchObject({ kind: 'internal' });
    expect(running.logged()).toContain('could not be cloned');
  });

  it('answers as failed what nothing is declared for', async () => {
    const unknown = { ...Echo, subject: 'cairn.v1.tasks.test.unknown' };
    const context = contextFor(undefined, { correlationId: 'correlation-unknown' });
    await expect(running.bus.request(unknown, { text: '' }, context)).rejects.toMatchObject({ kind: 'internal' });
    expect(running.logged()).toContain('"subject":"cairn.v1.tasks.test.unknown","correlationId":"correlation-unknown"');
  });
});
