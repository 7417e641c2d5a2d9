import { setTimeout as delay } from 'node:timers/promises';
import { Embedded, textIn } from '../support/embedded.js';

const JOBS = 400;
const WAIT_MS = 30_000;
const POLL_MS = 20;

const CONFIG = {
  version: 3.2,
  description: 'd',
  tasks: ['a', 'b'].map((name) => ({ name, trays: [{ modules: [{}] }], requirements: { memory: '$(job)' } })),
};

const SUBMISSION = {
  description: 'd',
  jobs_submitted: JOBS,
  tasks_submitted: 2 * JOBS,
  tasks_per_job: 2,
  group: 'users',
};

describe('a materialization that a power cut ends', () => {
  const cairn = new Embedded({ CAIRN_AUTOMATION: 'actions', CAIRN_AUTOMATION_DELAY: '0' });

  beforeAll(() => cairn.start(), 60_000);
  afterAll(() => cairn.remove(), 60_000);

  const until = async (holds: () => Promise<boolean>): Promise<void> => {
    const endMs = Date.now() + WAIT_MS;
    while (!(await holds())) {
      if (Date.now() > endMs) throw new Error('it does not come to pass');
      await delay(POLL_MS);
    }
  };

  it('goes on after the start and makes no job twice', async () => {
    const id = textIn(await cairn.ask('POST', '/datasets', SUBMISSION), 'result');
    await cairn.ask('PUT', `/config/${id}`, CONFIG);
    const request = textIn(
      await cairn.ask('POST', '/actions/materialization', { dataset_id: id, num: JOBS }),
      'result',
    );
    const jobs = async (): Promise<number> =>
      ((await cairn.ask('GET', `/datasets/${id}/job_counts/status`)) as { processing?: number }).processing ?? 0;
    await until(async () => (await jobs()) > 0);
    await cairn.kill();
    await cairn.start();
    const status = async (): Promise<string> =>
      textIn(await cairn.ask('GET', `/actions/materialization/${request}`), 'status');
    await until(async () => (await status()) === 'complete');
    const made = Object.values((await cairn.ask('GET', `/datasets/${id}/jobs?keys=job_index`)) as object) as {
      job_index: number;
    }[];
    const indexes = made.map(({ job_index: index }) => index).toSorted((one, other) => one - other);
    expect(indexes).toEqual(Array.from({ length: JOBS }, (_, index) => index));
    expect(await cairn.ask('GET', `/datasets/${id}/task_counts/status`)).toEqual({ idle: 2 * JOBS });
  }, 60_000);
});
