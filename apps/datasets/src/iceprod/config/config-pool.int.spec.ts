import type { Dataset } from '../dataset/dataset.js';
import { ConfigPool } from './config-pool.js';

const DATASET: Dataset = {
  ...{ dataset_id: 'd', dataset: 21, description: '', jobs_submitted: 10, tasks_submitted: 20, tasks_per_job: 2 },
  ...{ group: 'users', username: 'alice', status: 'processing', priority: 0.5, debug: false, jobs_immutable: false },
  ...{ always_active: false, start_date: '', truncated: false },
};

/** Far more than a thread costs its caller, and far less than the computations here. */
const BLOCKED_MS_MAX = 500;

/** How long this thread computes until `work` is done. Unlike the delay of its event loop, this does not grow when the machine is busy. */
const blockedMs = async (work: () => Promise<void>): Promise<number> => {
  const begun = process.threadCpuUsage();
  await work();
  const { user, system } = process.threadCpuUsage(begun);
  return (user + system) / 1000;
};

describe('ConfigPool', () => {
  const pool = new ConfigPool();
  afterAll(() => pool.onModuleDestroy());

  const configOf = (requirements: object, parameters: object = {}): string =>
    JSON.stringify({ version: 3.2, steering: { parameters }, tasks: [{ name: 'a', requirements }] });
  const requirements = (config: string): Promise<readonly string[]> => pool.run('requirements', config, DATASET, 7);

  it('expands the same in a thread as without one', async () => {
    const asked = { memory: '$eval($(job)*2)', time: '$steering(hours)' };
    const steering = { hours: '1.5' };
    const short = await requirements(configOf(asked, steering));
    expect(short).toEqual(['{"memory":14,"time":1.5}']);
    expect(await requirements(configOf(asked, { ...steering, unused: 'x'.repeat(1_000_000) }))).toEqual(short);
  });

  it('refuses the same in a thread as without one', async () => {
    const refusal = { kind: 'invalid', message: "Validation error in config: 'tasks' is a required property" };
    for (const description of ['', 'x'.repeat(1_000_000)]) {
      const config = JSON.stringify({ version: 3.2, description });
      await expect(pool.run('check', 'd', config)).rejects.toMatchObject(refusal);
    }
  });

  it('gives what takes more work to a thread', async () => {
    const long = await requirements(configOf({ memory: `$eval(${'1+'.repeat(10_000)}1)` }));
    expect(long).toEqual(['{"memory":10001}']);
  });

  it.each<[string, object, object]>([
    [
      'parameters that double each other',
      { memory: '$(p25)' },
      Object.fromEntries(
        Array.from({ length: 26 }, (_, n) => [`p${n}`, n === 0 ? 'laugh' : `$(p${n - 1})$(p${n - 1})`]),
      ),
    ],
    [
      'many sums',
      Object.fromEntries(Array.from({ length: 5000 }, (_, n) => [n, '$eval($(x))'])),
      { x: '1+'.repeat(999) },
    ],
    ['long arithmetic', { memory: `$eval(${'9**1024%7+'.repeat(100_000)}1)` }, {}],
  ])('refuses an expansion that is too large, and blocks nobody meanwhile: %s', async (_, asked, parameters) => {
    const ms = await blockedMs(() =>
      expect(requirements(configOf(asked, parameters))).rejects.toMatchObject({
        kind: 'invalid',
        message: expect.stringContaining('Expansion is too large') as string,
      }),
    );
    expect(ms).toBeLessThan(BLOCKED_MS_MAX);
  });

  it('blocks nobody while it checks a long config with many faults', async () => {
    const config = `{"version":3.2,"tasks":[${'{},'.repeat(100_000)}{}]}`;
    const ms = await blockedMs(() => expect(pool.run('check', 'd', config)).rejects.toMatchObject({ kind: 'invalid' }));
    expect(ms).toBeLessThan(BLOCKED_MS_MAX);
  });

  it('takes tasks and dependencies in linear time', async () => {
    const tasks = Array.from({ length: 100_000 }, (_, n) => `{"name":"t${n}","depends":["t${Math.max(0, n - 1)}"]}`);
    tasks[0] = '{"name":"t0"}';
    const { dependencies } = await pool.run('outline', `{"version":3,"tasks":[${tasks.join()}]}`);
    expect(dependencies).toHaveLength(100_000);
    expect(dependencies[99_999]).toEqual([{ place: 99_998 }]);
  });
});
