import { type ChildProcess, execFile, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { randomBytes } from 'node:crypto';

export interface SlurmCluster {
  /** Environment in which `sbatch`, `squeue`, `scancel` and `scontrol` speak to this cluster. */
  readonly env: Readonly<Record<string, string>>;
  /** Starts a controller that was stopped. */
  startController(): Promise<void>;
  stopController(): Promise<void>;
  stop(): Promise<void>;
}

/** Folders of servers on Debian, which are not in the PATH of ordinary users. */
const PATH = `${process.env['PATH'] ?? ''}:/usr/sbin:/usr/local/sbin`;
const START_TIMEOUT_MS = 30_000;
const PAUSE_MS = 50;
/** Of the partition `main` the first, of `both` both. */
const NODES = ['here', 'there'] as const;
const NODE = 'NodeAddr=127.0.0.1 CPUs=4 RealMemory=2000 TmpDisk=1000 Gres=gpu:1';

const call = promisify(execFile);

/** Ports that were free a moment ago, all different. */
const freePorts = async (count: number): Promise<readonly number[]> => {
  const servers = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'));
  await Promise.all(servers.map((server) => once(server, 'listening')));
  return Promise.all(
    servers.map(async (server) => {
      const address = server.address();
      server.close();
      await once(server, 'close');
      if (address === null || typeof address === 'string') throw new Error('no port');
      return address.port;
    }),
  );
};

/** No cgroups, no accounting, and the machine's real size does not matter. */
const configuration = (folder: string, [controller, ...nodes]: readonly number[]): string => {
  const host = hostname().split('.')[0] ?? '';
  return `
ClusterName=cairn
SlurmctldHost=${host}(127.0.0.1)
SlurmctldPort=${controller ?? 0}
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket=${folder}/munge.socket
StateSaveLocation=${folder}/state
SlurmdSpoolDir=${folder}/spool.%n
SlurmctldPidFile=${folder}/slurmctld.pid
SlurmdPidFile=${folder}/slurmd.%n.pid
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
SchedulerType=sched/builtin
SchedulerParameters=batch_sched_delay=0,sched_min_interval=0
SlurmdParameters=config_overrides
ReturnToService=2
MpiDefault=none
MinJobAge=2
MessageTimeout=2
KillWait=2
GresTypes=gpu
${NODES.map((name, at) => `NodeName=${name} NodeHostname=${host} Port=${nodes[at] ?? 0} ${NODE}`).join('\n')}
PartitionName=main Nodes=${NODES[0]} Default=YES State=UP
PartitionName=both Nodes=ALL State=UP
`;
};

/** From this version on, Slurm wants to be told that there are no cgroups; older ones do not know the word. */
const KNOWS_NO_CGROUPS = 23.11;

const versionOf = (program: string): number =>
  Number(/(?<!\d)\d+\.\d+/.exec(spawnSync(program, ['-V'], { encoding: 'utf8', env: { PATH } }).stdout)?.[0] ?? 0);

/** Ends a process and waits for it. */
const end = async (child: ChildProcess | undefined): Promise<void> => {
  if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.kill();
  const killer = setTimeout(() => child.kill('SIGKILL'), 10_000);
  await exited;
  clearTimeout(killer);
};

/** Calls until it resolves with true. */
const until = async (what: string, isTrue: () => Promise<boolean>): Promise<void> => {
  const endMs = Date.now() + START_TIMEOUT_MS;
  while (!(await isTrue().catch(() => false))) {
    if (Date.now() > endMs) throw new Error(`${what} did not happen`);
    await delay(PAUSE_MS);
  }
};

const PROGRAMS = ['munged', 'slurmctld', 'slurmd', 'sbatch', 'squeue', 'scancel', 'srun'];

const missing = (): readonly string[] =>
  PROGRAMS.filter(
    (program) => spawnSync(program, ['--version'], { stdio: 'ignore', env: { PATH } }).error !== undefined,
  );

/** Why no Slurm can be started here; `undefined` when one can be tried. */
const whyNoSlurm = (): string | undefined => {
  if (process.getuid?.() !== 0) return 'only root can start it';
  const programs = missing();
  return programs.length === 0 ? undefined : `there is no ${programs.join(', no ')}`;
};

/** Debian's Slurm with two nodes, on free ports of this machine, with files of its own. */
const startSlurmCluster = async (): Promise<SlurmCluster> => {
  const folder = await mkdtemp(join(tmpdir(), 'cairn-slurm-'));
  const env = { ...(process.env as Record<string, string>), PATH, SLURM_CONF: join(folder, 'slurm.conf') };
  const started = new Map<string, ChildProcess>();
  const start = (program: string, args: readonly string[], name = program): void => {
    const child = spawn(program, args, { env, stdio: 'ignore' });
    child.on('error', () => undefined);
    started.set(name, child);
  };
  const areIdle = async (): Promise<boolean> =>
    (await call('sinfo', ['--noheader', '--format=%t', '--partition=both'], { env })).stdout.trim() === 'idle';
  const startController = async (): Promise<void> => {
    start('slurmctld', ['-D', '-L', join(folder, 'slurmctld.log')]);
    await until('the start of slurmctld', async () =>
      (await call('scontrol', ['ping'], { env })).stdout.includes('UP'),
    );
  };
  const stop = async (): Promise<void> => {
    await call('scancel', ['--me'], { env }).catch(() => undefined);
    // Programs of allocations are no children of these processes.
    await until('the end of allocations', async () => (await call('squeue', ['-h'], { env })).stdout === '').catch(
      () => undefined,
    );
    for (const name of [...NODES, 'slurmctld', 'munged']) await end(started.get(name));
    await rm(folder, { recursive: true, force: true });
  };
  try {
    await chmod(folder, 0o755);
    await Promise.all(
      ['state', ...NODES.map((name) => `spool.${name}`)].map((name) => mkdir(join(folder, name), { mode: 0o700 })),
    );
    const key = join(folder, 'munge.key');
    await writeFile(key, randomBytes(1024), { mode: 0o600 });
    await writeFile(env.SLURM_CONF, configuration(folder, await freePorts(1 + NODES.length)), { mode: 0o644 });
    await writeFile(join(folder, 'gres.conf'), 'Name=gpu Count=1 File=/dev/null\n', { mode: 0o644 });
    if (versionOf('slurmd') >= KNOWS_NO_CGROUPS) {
      await writeFile(join(folder, 'cgroup.conf'), 'CgroupPlugin=disabled\n', { mode: 0o644 });
    }
    const file = (name: string): string => join(folder, `munge.${name}`);
    const files = [`--socket=${file('socket')}`, `--pid-file=${file('pid')}`, `--seed-file=${file('seed')}`];
    start('munged', ['--foreground', '--force', `--key-file=${key}`, `--log-file=${file('log')}`, ...files]);
    await until('the start of munged', async () => {
      await call('munge', ['--no-input', `--socket=${file('socket')}`], { env });
      return true;
    });
    await startController();
    for (const name of NODES) start('slurmd', ['-D', '-N', name, '-L', join(folder, `${name}.log`)], name);
    await until('the start of slurmd', areIdle);
    return { env, startController, stopController: () => end(started.get('slurmctld')), stop };
  } catch (error) {
    const logs = await Promise.all(
      ['slurmctld', ...NODES, 'munge'].map((name) => readFile(join(folder, `${name}.log`), 'utf8').catch(() => '')),
    );
    await stop();
    throw new Error(`${String(error)}\n${logs.map((log) => log.slice(-2000)).join('\n')}`, { cause: error });
  }
};

/** A Slurm for tests, or the reason why there is none and they are skipped. */
export const trySlurmCluster = async (): Promise<{ readonly cluster?: SlurmCluster; readonly reason?: string }> => {
  const reason = whyNoSlurm();
  if (reason !== undefined) return { reason };
  try {
    return { cluster: await startSlurmCluster() };
  } catch (error) {
    process.stderr.write(`Slurm does not start: ${String(error)}\n`);
    return { reason: 'it does not start' };
  }
};
