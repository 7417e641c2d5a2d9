import { eventually } from '#platform/testing/eventually.js';
import { MODES } from '../../harness/cairn-process.js';
import { useTestCluster, VARIABLES } from '../../harness/test-cluster.js';
import { newDataset } from './fixtures.js';

const JOBS = 300;

const CONFIG = {
  version: 3.2,
  description: 'd',
  tasks: ['a', 'b'].map((name, place) => ({ name, trays: [{ modules: [{}] }], depends: place === 0 ? [] : ['a'] })),
};

interface Claimed {
  readonly task_id: string;
  readonly instance_id: string;
}

describe.each(MODES)('automation interrupted by power cuts ($mode)', (mode) => {
  const cluster = useTestCluster(mode, () => ({
    ...VARIABLES,
    CAIRN_AUTOMATION: 'on',
    CAIRN_AUTOMATION_DELAY: '0.05',
  }));

  const powerCut = (): Promise<void> => cluster().cairn.restart({ signal: 'SIGKILL' });

  it('continues after each restart and does nothing twice', async () => {
    const { admin } = cluster();
    const id = await newDataset(admin, { jobs_submitted: JOBS, tasks_submitted: 2 * JOBS, tasks_per_job: 2 });
    expect((await admin.put(`/config/${id}`, CONFIG)).status).toBe(200);
    const counts = (of: 'job' | 'task') => async (): Promise<Readonly<Record<string, number>>> =>
      (await admin.get(`/datasets/${id}/${of}_counts/status`)).json as Record<string, number>;
    const [jobs, tasks] = [counts('job'), counts('task')];

    // While the jobs are made.
    await eventually(async () => ((await jobs())['processing'] ?? 0) > 0, true);
    await powerCut();
    await eventually(tasks, expect.objectContaining({ waiting: JOBS }));
    expect(await jobs()).toEqual({ processing: JOBS });
    expect(await tasks()).toEqual({ waiting: JOBS, idle: JOBS });

    // While second tasks follow first ones.
    const claim = async (): Promise<readonly Claimed[]> => {
      const { status, json } = await admin.post('/task_actions/queue_many', { num: JOBS });
      return status === 200 ? (json as Claimed[]) : [];
    };
    const finish = async (claimed: readonly Claimed[]): Promise<void> => {
      const answers = await Promise.all(
        claimed.map(({ task_id: task, instance_id }) =>
          admin.post(`/tasks/${task}/task_actions/complete`, { instance_id }),
        ),
      );
      expect(answers.filter(({ status }) => status !== 200)).toEqual([]);
    };
    await finish(await claim());
    await powerCut();
    await eventually(async () => ((await tasks())['waiting'] ?? 0) > 0, true);
    await powerCut();
    await eventually(tasks, expect.objectContaining({ waiting: JOBS }));

    // While jobs complete.
    await finish(await claim());
    await eventually(async () => ((await jobs())['complete'] ?? 0) > 0, true);
    await powerCut();
    await eventually(
      async () => (await admin.get(`/datasets/${id}`)).json,
      expect.objectContaining({ status: 'complete' }),
    );
    expect([await jobs(), await tasks()]).toEqual([{ complete: JOBS }, { complete: 2 * JOBS }]);
  });
});
