import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { type SlurmCluster, trySlurmCluster } from '../../../../test/harness/slurm-cluster.js';
import {
  type Allocation,
  type AllocationRequest,
  SchedulerRefused,
  SchedulerSilent,
  type SlurmConfig,
} from './batch-scheduler.js';
import { BadSlurmConfig } from './sbatch-options.js';
import { SlurmCommands } from './slurm-commands.js';

const CONFIG: SlurmConfig = {
  _key: '120',
  _id: 'slurm_schedulers__97/120',
  account: 'project1',
  nodes: 1,
  qos: 'normal',
};
const { cluster, reason } = await trySlurmCluster();
const title = reason === undefined ? 'a real Slurm' : `a real Slurm (skipped: ${reason})`;

(cluster === undefined ? describe.skip : describe)(title, () => {
  const slurm = cluster as SlurmCluster;
  let folder: string;
  let commands: SlurmCommands;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'cairn % slurm-'));
    commands = new SlurmCommands({ ...slurm.env, CAIRN_SERVER: 'http://secret', GIVEN: 'yes' });
  });

  afterAll(async () => {
    await slurm.stop();
    await rm(folder, { recursive: true });
  });

  const request = (name: string, script: string, config: Partial<SlurmConfig> = {}): AllocationRequest => ({
    ...{ config: { ...CONFIG, ...config }, name, label: `cairn here 97/${name}` },
    ...{ script: `#!/bin/sh\n${script}\n`, workdir: folder, folder },
  });
  const submitted: string[] = [];
  const submit = async (...args: Parameters<typeof request>): Promise<string> => {
    const id = await commands.submit(request(...args));
    submitted.push(id);
    return id;
  };
  const until = async (isTrue: (found: readonly Allocation[]) => boolean, ...ids: readonly string[]) => {
    for (;;) {
      const found = await commands.find(ids);
      if (isTrue(found)) return found;
      await delay(50);
    }
  };
  const ended = (id: string): Promise<unknown> => until((found) => found.length === 0, id);

  afterEach(async () => {
    await commands.cancel(submitted, 'all');
    submitted.length = 0;
  });

  it('runs the script of an allocation with what the configuration asks for', async () => {
    const asked = { partition: 'both', walltime: '00:05:00', gres: 'gpu:1', mem: '1G', tmp: '1M', ntasks_per_node: 2 };
    const script = 'env; squeue --noheader --jobs=$SLURM_JOB_ID --format="comment=%k limit=%l nice=%y"';
    const id = await submit('worker_1', script, { ...asked, extra: "--nice '7'" });
    await ended(id);
    const file = `worker_1_${id}.log`;
    expect(await readdir(folder)).toContain(file);
    const output = await readFile(join(folder, file), 'utf8');
    for (const line of [
      `SLURM_JOB_ID=${id}`,
      'SLURM_JOB_NAME=worker_1',
      'SLURM_JOB_PARTITION=both',
      'SLURM_JOB_ACCOUNT=project1',
      'SLURM_CPUS_ON_NODE=2',
      'SLURM_MEM_PER_NODE=1024',
      'SLURM_GPUS_ON_NODE=1',
      `PWD=${folder}`,
      'GIVEN=yes',
      'comment=cairn here 97/worker_1 limit=5:00 nice=7',
    ]) {
      expect(output.split('\n')).toContain(line);
    }
    expect(output).not.toContain('secret');
  });

  it('tells queued allocations from running ones, in one answer for all', async () => {
    const running = await submit('worker_2', 'sleep 600', { extra: '--exclusive' });
    await until(([one]) => one?.isQueued === false, running);
    const queued = await submit('worker_3', 'sleep 600');
    await submit('worker_4', 'sleep 600');
    const both = [
      { id: running, label: 'cairn here 97/worker_2', isQueued: false },
      { id: queued, label: 'cairn here 97/worker_3', isQueued: true },
    ];
    const byId = (one: Allocation, other: Allocation): number => Number(one.id) - Number(other.id);
    expect([...(await commands.find([running, queued, '999999']))].sort(byId)).toEqual(both);
    expect(await commands.find()).toHaveLength(3);
    expect(await commands.find([])).toEqual([]);
    expect(await commands.find(['999999'])).toEqual([]);
    await commands.cancel([running, queued, '999999'], 'queued');
    await ended(queued);
    expect(await commands.find([running, queued])).toEqual([both[0]]);
    await commands.cancel([running], 'all');
    await ended(running);
  });

  it('says how long an allocation has left', async () => {
    const limited = await submit('worker_5', 'sleep 600', { walltime: '10', mem: '100M' });
    const unlimited = await submit('worker_6', 'sleep 600', { mem: '100M' });
    await until((found) => found.filter(({ isQueued }) => !isQueued).length === 2, limited, unlimited);
    const left = await commands.timeLeftSeconds(limited);
    expect(left).toBeGreaterThan(400);
    expect(left).toBeLessThanOrEqual(600);
    expect(await commands.timeLeftSeconds(unlimited)).toBeUndefined();
  });

  it.each([
    [{ partition: 'none' }, SchedulerRefused, 'invalid partition'],
    [{ gres: 'gpu:9' }, SchedulerRefused, 'node configuration is not available'],
    [{ extra: '--no-such-option' }, SchedulerRefused, '--no-such-option'],
    [{ extra: 'script.sh' }, BadSlurmConfig, 'script.sh'],
    [{ walltime: '--wrap=id' }, SchedulerRefused, 'time'],
  ])('refuses %j', async (config, kind, message) => {
    const refused = commands.submit(request('worker_7', 'true', config));
    await expect(refused).rejects.toThrow(kind);
    await expect(refused).rejects.toThrow(new RegExp(message, 'i'));
    expect((await commands.find()).map(({ label }) => label)).not.toContain('cairn here 97/worker_7');
  });

  it('is silent, and no allocation has ended, while the controller is away', async () => {
    const id = await submit('worker_8', 'sleep 600');
    await slurm.stopController();
    await expect(commands.find([id])).rejects.toThrow(SchedulerSilent);
    await expect(commands.submit(request('worker_9', 'true'))).rejects.toThrow(SchedulerSilent);
    await slurm.startController();
    expect(await commands.find([id])).toMatchObject([{ id }]);
  });

  it('is no program: says so', async () => {
    const nowhere = new SlurmCommands({ PATH: folder });
    await expect(nowhere.find()).rejects.toThrow('there is no program squeue here');
  });
});
