import { jest } from '@jest/globals';
import { createLog } from './logging.js';
import { runSteps, stopOnSignal } from './shutdown.js';

const quiet = createLog({ LOG_LEVEL: 'silent' }, 'test');

describe('runSteps', () => {
  it('runs one step after the other, in order', async () => {
    const trace: string[] = [];
    const step = (name: string) => ({
      name,
      run: async () => {
        trace.push(`${name} begins`);
        await Promise.resolve();
        trace.push(`${name} ends`);
      },
    });
    await expect(runSteps([step('gateway'), step('ledger')], quiet)).resolves.toBe(true);
    expect(trace).toEqual(['gateway begins', 'gateway ends', 'ledger begins', 'ledger ends']);
  });

  it('goes on after a step that fails', async () => {
    let closed = false;
    const steps = [
      { name: 'fail', run: () => Promise.reject(new Error('stuck')) },
      {
        name: 'close',
        run: () => {
          closed = true;
          return Promise.resolve();
        },
      },
    ];
    await expect(runSteps(steps, quiet)).resolves.toBe(false);
    expect(closed).toBe(true);
  });
});

describe('stopOnSignal', () => {
  afterEach(() => {
    process.removeAllListeners('SIGTERM');
    process.removeAllListeners('SIGINT');
    jest.useRealTimers();
  });

  const exitOf = (run: () => Promise<void>): Promise<number> =>
    new Promise((resolve) => {
      stopOnSignal([{ name: 'close', run }], quiet, resolve);
    });

  it('ends with 0 when everything was closed', async () => {
    const exit = exitOf(() => Promise.resolve());
    process.emit('SIGTERM', 'SIGTERM');
    await expect(exit).resolves.toBe(0);
  });

  it('ends with 1 when a step failed', async () => {
    const exit = exitOf(() => Promise.reject(new Error('stuck')));
    process.emit('SIGTERM', 'SIGTERM');
    await expect(exit).resolves.toBe(1);
  });

  it('ends with 1 when a step hangs', async () => {
    jest.useFakeTimers();
    const exit = exitOf(() => new Promise(() => undefined));
    process.emit('SIGTERM', 'SIGTERM');
    await jest.advanceTimersByTimeAsync(10_000);
    await expect(exit).resolves.toBe(1);
  });

  it('ends at once on a second signal', async () => {
    jest.useFakeTimers();
    const exit = exitOf(() => new Promise(() => undefined));
    process.emit('SIGINT', 'SIGINT');
    process.emit('SIGINT', 'SIGINT');
    await expect(exit).resolves.toBe(1);
  });
});
