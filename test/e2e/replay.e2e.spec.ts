import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as delay } from 'node:timers/promises';
import { newDataset, newJob, newTask } from '../compat/iceprod/fixtures.js';
import { submitTask } from '../compat/panda/story.js';
import { usePanda } from '../compat/panda/use-panda.js';
import { TorcClient } from '../compat/torc/torc-client.js';
import { newWorkflow } from '../compat/torc/workflow.js';
import { runCommand } from '../harness/cairn-command.js';
import { startEmbedded } from '../harness/cairn-process.js';
import { VARIABLES } from '../harness/test-cluster.js';

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

  const FILES = ['datasets', 'tasks', 'pilots', 'events', 'history', 'proof', 'auth'];

  const replay = async (...words: readonly string[]): Promise<readonly string[]> => {
    const told = await runCommand(cluster().cairn, ['replay', ...words]);
    return told.split('\n').map((line) => line.replace(/, \d+ events in .*/, ''));
  };

  const sameOf = (...names: readonly string[]): readonly string[] => names.map((name) => `${name}: the same`);

  const forge = (name: string, sql: string): void => {
    const file = new DatabaseSync(join(cluster().cairn.dataDir, 'read-models', `${name}.sqlite`), { timeout: 5000 });
    file.exec(sql);
    file.close();
  };

  const fill = async (): Promise<void> => {
    await Promise.all([fillIceprod(), fillTorc(), submitTask(user())]);
  };

  it('makes the same read models once more beside a running Cairn', async () => {
    for (let round = 0; round < 2; round++) await fill();
    await cluster().admin.post('/cairn/history/checkpoints');
    expect(await replay()).toEqual(sameOf(...FILES));
  });

  it('tells what somebody has changed, and puts the rebuilt one in place while nobody uses it', async () => {
    const { cairn } = cluster();
    forge(
      'tasks',
      `UPDATE workload SET name = 'forged' WHERE ref = (SELECT min(ref) FROM workload WHERE dialect = 'iceprod')`,
    );
    // What a name of a workload stands for is remembered by the service that runs.
    const [difference, outcome, refusal] = await replay('--service', 'tasks', '--swap');
    expect(difference).toMatch(/^tasks workload 'iceprod\.main\.\w+': .*name is "forged" live/);
    expect(outcome).toBe('tasks: different');
    expect(refusal).toMatch(/^tasks: left, .*\(workload\): stop Cairn/);
    await cairn.restart({
      meanwhile: async () => {
        expect((await replay('--service', 'tasks', '--swap')).at(-1)).toBe('tasks: put in place');
      },
    });
  });

  it('puts rebuilt ones in place while they are in use', async () => {
    forge('tasks', 'UPDATE unit SET failures = 99');
    forge('datasets', `UPDATE dataset SET username = 'forged'`);
    const [told] = await Promise.all([replay('--swap'), fill()]);
    expect(told.filter((line) => line.endsWith('put in place'))).toEqual(FILES.map((name) => `${name}: put in place`));
    expect(told).toEqual(expect.arrayContaining(['tasks: different', 'datasets: different']));
  });

  it('leaves the old or the new, whole, when Cairn is killed', async () => {
    const { cairn } = cluster();
    forge('tasks', 'UPDATE unit SET failures = 99');
    const swapped = replay('--service', 'tasks', '--swap');
    while (!existsSync(join(cairn.dataDir, 'read-models', 'tasks.rebuilt.sqlite'))) await delay(1);
    await cairn.restart({ signal: 'SIGKILL' });
    // The service that has begun again takes it.
    expect((await swapped).at(-1)).toBe('tasks: put in place');
    expect(await replay()).toEqual(sameOf(...FILES));
  });
});
