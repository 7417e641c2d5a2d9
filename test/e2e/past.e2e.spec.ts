import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { newDataset, newJob, newTask } from '../compat/iceprod/fixtures.js';
import { TorcClient } from '../compat/torc/torc-client.js';
import { newWorkflow } from '../compat/torc/workflow.js';
import { MODES } from '../harness/cairn-process.js';
import { HttpClient } from '../harness/http-client.js';
import { openTestLedger } from '../harness/open-test-ledger.js';
import { startPastCairn } from '../harness/past-cairn.js';
import { useTestCluster, VARIABLES } from '../harness/test-cluster.js';

describe.each(MODES)('the past ($mode)', (mode) => {
  const variables = { ...VARIABLES, TORC_ACCESS: 'open' };
  const cluster = useTestCluster(mode, () => variables);

  const head = async (): Promise<number> => {
    const ledger = await openTestLedger(cluster().cairn);
    return ledger.head().finally(() => ledger.close());
  };

  /** The bytes of the answers to these questions. */
  const answers = (client: HttpClient, paths: readonly string[]): Promise<readonly string[]> =>
    Promise.all(paths.map(async (path) => (await client.send('GET', path)).text));

  it('is served by a Cairn of its own, which answers as it was answered then and changes nothing', async () => {
    const { cairn, system, alice, anonymous } = cluster();
    const dataset = await newDataset(alice);
    const job = await newJob(system, dataset);
    const task = await newTask(system, dataset, { job_id: job, status: 'waiting' });
    const torc = new TorcClient(anonymous);
    const workflow = await newWorkflow(torc, { jobs: [{ name: 'first', command: 'x' }] });
    const paths = [
      `/datasets/${dataset}`,
      `/datasets/${dataset}/tasks/${task}`,
      `/datasets/${dataset}/task_counts/status`,
      `/cairn/history/units/${task}`,
      `/_db/test_db/torc-service${workflow.at('')}`,
      `/_db/test_db/torc-service${workflow.at('/jobs')}`,
    ];
    const [then, until] = [await answers(system, paths), await head()];
    await system.put(`/datasets/${dataset}/tasks/${task}/status`, { status: 'suspended' });
    await alice.put(`/datasets/${dataset}/description`, { description: 'other' });
    await workflow.initialize();
    const now = await answers(system, paths);
    expect(now.map((text, index) => text === then[index])).toEqual([false, false, false, false, true, false]);
    const headNow = await head();

    const past = await startPastCairn(cairn, until, variables);
    const token = await cairn.token({ username: 'grid', roles: ['system'] });
    const client = new HttpClient(past, token);
    try {
      expect(await answers(client, paths)).toEqual(then);
      expect(await client.put(`/datasets/${dataset}/tasks/${task}/status`, { status: 'failed' })).toMatchObject({
        status: 503,
        json: { error: expect.stringContaining(`This is Cairn as it was at position ${until} (`) as unknown },
      });
      const pastTorc = new TorcClient(client);
      expect(await pastTorc.post(workflow.at('/initialize_jobs'))).toMatchObject({
        status: 503,
        json: { errorMessage: expect.stringContaining('nothing can be changed') as unknown },
      });
      // Larger bodies go to the blob store before anybody knows what they are.
      const log = { data: 'x'.repeat(1_500_000), task_id: task };
      expect(await client.post('/logs', log)).toMatchObject({ status: 503 });
      expect(existsSync(join(cairn.dataDir, 'blobs', 'incoming'))).toBe(false);
      expect(await answers(client, paths)).toEqual(then);
    } finally {
      client.close();
      await past.stop();
    }
    expect(readdirSync(join(cairn.dataDir, 'past'))).toEqual([]);
    expect(await head()).toBe(headNow);
    expect(await answers(system, paths)).toEqual(now);
  });
});
