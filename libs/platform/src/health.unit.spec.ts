import { jest } from '@jest/globals';
import { Health } from './health.js';
import { probe } from './health-listener.js';
import { nextLoopTurn } from './loop-turn.js';
import { Metrics } from './metrics.js';

describe('Health', () => {
  it('is ready when all checks pass', async () => {
    const health = new Health();
    health.add('ledger', () => undefined);
    health.add('nats', () => Promise.resolve());
    await expect(health.report()).resolves.toEqual({ ready: true, checks: { ledger: 'ok', nats: 'ok' } });
  });

  it('says which check fails and why', async () => {
    const health = new Health();
    health.add('ledger', () => undefined);
    health.add('nats', () => Promise.reject(new Error('disconnected')));
    await expect(health.report()).resolves.toEqual({ ready: false, checks: { ledger: 'ok', nats: 'disconnected' } });
  });

  it('does not wait for a check that hangs', async () => {
    jest.useFakeTimers();
    const health = new Health();
    health.add('disk', () => new Promise(() => undefined));
    const report = health.report();
    await jest.advanceTimersByTimeAsync(1000);
    await expect(report).resolves.toEqual({ ready: false, checks: { disk: 'took longer than 1000 ms' } });
    jest.useRealTimers();
  });

  it('shows the checks of another thread among its own, and says when they cannot be had', async () => {
    const [health, other] = [new Health(), new Health()];
    const turn = () => Promise.resolve();
    health.add('tasks', () => undefined);
    health.include('services', { report: () => other.report(), turn });
    other.add('ledger', () => undefined);
    await expect(health.report()).resolves.toEqual({ ready: true, checks: { tasks: 'ok', ledger: 'ok' } });
    other.add('ledger', () => Promise.reject(new Error('is away')));
    await expect(health.report()).resolves.toEqual({ ready: false, checks: { tasks: 'ok', ledger: 'is away' } });
    health.include('services', { report: () => Promise.reject(new Error('no answer')), turn });
    await expect(health.report()).resolves.toEqual({ ready: false, checks: { tasks: 'ok', services: 'no answer' } });
  });

  it('hides no check that fails in one thread behind that of the same name in another', async () => {
    const gone = (): never => {
      throw new Error('gone');
    };
    for (const [inOwn, inOther] of [
      [gone, () => undefined],
      [() => undefined, gone],
    ] as const) {
      const [health, other] = [new Health(), new Health()];
      health.include('services', { report: () => other.report(), turn: () => Promise.resolve() });
      health.add('stray rejections', inOwn);
      other.add('stray rejections', inOther);
      await expect(health.report()).resolves.toEqual({ ready: false, checks: { 'stray rejections': 'gone' } });
    }
  });

  it('is not ready any more while the process stops', async () => {
    const health = new Health();
    health.stopping();
    await expect(health.report()).resolves.toEqual({ ready: false, checks: { process: 'is stopping' } });
  });
});

describe('probe', () => {
  const health = new Health();
  const metrics = new Metrics();

  it('is alive even when not ready', async () => {
    health.add('ledger', () => {
      throw new Error('gone');
    });
    await expect(probe('/livez', health, metrics)).resolves.toMatchObject({ status: 200 });
    await expect(probe('/readyz', health, metrics)).resolves.toMatchObject({
      status: 503,
      body: '{"ready":false,"checks":{"ledger":"gone"}}',
    });
  });

  it('is alive when each thread of the process answers', async () => {
    const threads = new Health();
    const { promise, resolve } = Promise.withResolvers<void>();
    threads.include('services', { report: () => threads.report(), turn: () => promise });
    let isAnswered = false;
    const answer = probe('/livez', threads, metrics).finally(() => (isAnswered = true));
    await nextLoopTurn();
    expect(isAnswered).toBe(false);
    resolve();
    await expect(answer).resolves.toMatchObject({ status: 200 });
  });

  it('shows own and Node metrics', async () => {
    metrics.busRequest('cairn.v1.tasks.task.get', 0.003);
    const answer = await probe('/metrics', health, metrics);
    expect(answer?.body).toContain('cairn_bus_request_seconds_count{subject="cairn.v1.tasks.task.get"} 1');
    expect(answer?.body).toContain('nodejs_eventloop_lag_seconds');
  });

  it('leaves other paths to others', async () => {
    await expect(probe('/tasks', health, metrics)).resolves.toBeUndefined();
  });
});
