import { setTimeout as delay } from 'node:timers/promises';
import { Embedded, textIn } from '../support/embedded.js';

const JOBS = 300;
const WAIT_MS = 30_000;
const POLL_MS = 10;

const CONFIG = {
  version: 3.2,
  description: 'd',
  tasks: ['a', 'b'].map((name, place) => ({ name, trays: [{ modules: [{}] }], depends: place === 0 ? [] : ['a'] })),
};

const SUBMISSION = {
  description: 'd',
  jobs_submitted: JOBS,
  tasks_submitted: 2 * JOBS,
  tasks_per_job: 2,
  group: 'users',
};

interface Claimed {
  readonly task_id: string;
  readonly instance_id: string;
}

describe('automation that power cuts end', () => {
  const cairn = new Embedded({ CAIRN_AUTOMATION: 'on', CAIRN_AUTOMATION_DELAY: '0.05' });

  beforeAll(() => cairn.start(), 60_000);
  afterAll(() => cairn.remove(), 60_000);

  const until = async (holds: () => Promise<boolean>): Promise<void> => {
    const endMs = Date.now() + WAIT_MS;
    while (!(await holds())) {
      if (Date.now() > endMs) throw new Error('it does not come to pass');
      await delay(POLL_MS);
    }
  };
  const powerCut = async (): Promise<void> => {
    await cairn.kill();
    await cairn.start();
  };

  it('goes on after each start, and does nothing twice', async () => {
    const id = textIn(await cairn.ask('POST', '/datasets', SUBMISSION), 'result');
    await cairn.ask('PUT', `/config/${id}`, CONFIG);
    const counts = (of: 'job' | 'task') => async (): Promise<Readonly<Record<string, number>>> =>
      (await cairn.ask('GET', `/datasets/${id}/${of}_counts/status`)) as Record<string, number>;
    const [jobs, tasks] = [counts('job'), counts('task')];

    // While the jobs are made.
    await until(async () => ((await jobs())['processing'] ?? 0) > 0);
    await powerCut();
    await until(async () => (await tasks())['waiting'] === JOBS);
    expect(await jobs()).toEqual({ processing: JOBS });
    expect(await tasks()).toEqual({ waiting: JOBS, idle: JOBS });

    // While second tasks follow first ones.
    const claim = async (): Promise<readonly Claimed[]> => {
      const { status, text } = await cairn.send('POST', '/task_actions/queue_many', { num: JOBS });
      return status === 200 ? (JSON.parse(text) as Claimed[]) : [];
    };
    const finish = async (claimed: readonly Claimed[]): Promise<void> => {
      await Promise.all(
        claimed.map(({ task_id: task, instance_id }) =>
          cairn.ask('POST', `/tasks/${task}/task_actions/complete`, { instance_id }),
        ),
      );
    };
    await finish(await claim());
    await powerCut();
    await until(async () => ((await tasks())['waiting'] ?? 0) > 0);
    await powerCut();
    await until(async () => (await tasks())['waiting'] === JOBS);

    // While jobs complete.
    await finish(await claim());
    await until(async () => ((await jobs())['complete'] ?? 0) > 0);
    await powerCut();
    await until(async () => textIn(await cairn.ask('GET', `/datasets/${id}`), 'status') === 'complete');
    expect([await jobs(), await tasks()]).toEqual([{ complete: JOBS }, { complete: 2 * JOBS }]);
  }, 120_000);
});
