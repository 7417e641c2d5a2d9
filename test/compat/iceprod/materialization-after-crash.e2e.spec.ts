import { eventually } from '#platform/testing/eventually.js';
import { MODES } from '../../harness/cairn-process.js';
import { created, done } from './answers.js';
import { useTestCluster, VARIABLES } from '../../harness/test-cluster.js';
import { ID, newDataset } from './fixtures.js';

const JOBS = 400;

const CONFIG = {
  version: 3.2,
  description: 'd',
  tasks: ['a', 'b'].map((name) => ({ name, trays: [{ modules: [{}] }], requirements: { memory: '$(job)' } })),
};

describe.each(MODES)('a materialization interrupted by a power cut ($mode)', (mode) => {
  const cluster = useTestCluster(mode, () => ({
    ...VARIABLES,
    CAIRN_AUTOMATION: 'actions',
    CAIRN_AUTOMATION_DELAY: '0',
  }));

  it('continues after the restart and creates no job twice', async () => {
    const { cairn, admin } = cluster();
    const id = await newDataset(admin, { jobs_submitted: JOBS, tasks_submitted: 2 * JOBS, tasks_per_job: 2 });
    expect(await admin.put(`/config/${id}`, CONFIG)).toEqual(done);
    const asked = await admin.post('/actions/materialization', { dataset_id: id, num: JOBS });
    expect(asked).toEqual(created({ result: expect.stringMatching(ID) as string }));
    const { result: request } = asked.json as { result: string };
    const jobs = async (): Promise<number> =>
      ((await admin.get(`/datasets/${id}/job_counts/status`)).json as { processing?: number }).processing ?? 0;
    await eventually(async () => (await jobs()) > 0, true);
    await cairn.restart({ signal: 'SIGKILL' });
    const status = async (): Promise<unknown> =>
      ((await admin.get(`/actions/materialization/${request}`)).json as { status?: unknown }).status;
    await eventually(status, 'complete');
    const made = Object.values((await admin.get(`/datasets/${id}/jobs?keys=job_index`)).json as object) as {
      job_index: number;
    }[];
    const indexes = made.map(({ job_index: index }) => index).toSorted((one, other) => one - other);
    expect(indexes).toEqual(Array.from({ length: JOBS }, (_, index) => index));
    expect((await admin.get(`/datasets/${id}/task_counts/status`)).json).toEqual({ idle: 2 * JOBS });
  });
});
