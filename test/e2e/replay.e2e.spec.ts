import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { newDataset, newJob, newTask } from '../compat/iceprod/fixtures.js';
import { submitTask } from '../compat/panda/story.js';
import { usePanda } from '../compat/panda/use-panda.js';
import { TorcClient } from '../compat/torc/torc-client.js';
import { newWorkflow } from '../compat/torc/workflow.js';
import { runCommand } from '../harness/cairn-command.js';
import { startEmbedded } from '../harness/cairn-process.js';
import { VARIABLES } from '../harness/test-cluster.js';

const SERVICES = ['datasets', 'tasks', 'pilots', 'events', 'auth'];

describe('cairn replay', () => {
  const { cluster, user } = usePanda({ start: startEmbedded }, { ...VARIABLES, TORC_ACCESS: 'open' });

  const fillIceprod = async (): Promise<void> => {
    const { alice, system, admin } = cluster();
    const dataset = await newDataset(alice);
    const job = await newJob(system, dataset);
    for (const status of ['waiting', 'queued', 'failed']) await newTask(system, dataset, { job_id: job, status });
    const task = await newTask(system, dataset, { job_id: job, status: 'queued', requirements: { memory: 1 } });
    await system.put(`/datasets/${dataset}/tasks/${task}/status`, { status: 'processing' });
    await system.post(`/tasks/${task}/task_stats`, { dataset_id: dataset, a: 'x' });
    await system.post('/logs', { data: 'x', dataset_id: dataset, task_id: task });
    await admin.post('/grids', { host: 'h', queues: {}, version: '1' });
    await admin.post('/pilots', { queue_host: 'h', queue_version: '1', resources: { cpu: 1 } });
  };

  const fillTorc = async (): Promise<void> => {
    const workflow = await newWorkflow(new TorcClient(cluster().anonymous), {
      jobs: [{ name: 'first', command: 'x' }],
    });
    await workflow.initialize();
  };

  it('makes the same read models once more beside a running Cairn, and tells what somebody has changed in one', async () => {
    for (let round = 0; round < 2; round++) await Promise.all([fillIceprod(), fillTorc(), submitTask(user())]);
    const { cairn } = cluster();
    const lines = (await runCommand(cairn, ['replay'])).split('\n');
    expect(lines.map((line) => line.replace(/, \d+ events in .*/, ''))).toEqual(
      SERVICES.map((service) => `${service}: the same`),
    );
    const file = new DatabaseSync(join(cairn.dataDir, 'read-models', 'tasks.sqlite'), { timeout: 5000 });
    file.exec(
      `UPDATE workload SET name = 'forged' WHERE ref = (SELECT min(ref) FROM workload WHERE dialect = 'iceprod')`,
    );
    file.close();
    const told = await runCommand(cairn, ['replay', '--service', 'tasks']);
    expect(told).toMatch(/^tasks workload 'iceprod\.main\.\w+': .*name is "forged" live/);
    expect(told).toMatch(/\ntasks: different, \d+ events in \S+ s$/);
  });
});
