import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { availableParallelism, hostname, totalmem } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { randomUUID } from 'node:crypto';
import { GIB } from '#contracts/torc/values.js';
import { EXIT, type Terminal, UsageError } from '../command-line.js';
import { RUN_EXIT } from '../run/exit-codes.js';
import { progressOn } from '../run/progress.js';
import { environmentOf } from '../run/run-command.js';
import { runJobs } from '../run/run-jobs.js';
import { StateFolder } from '../run/state-folder.js';
import type { TorcClient } from '../run/torc-client.js';
import { Shutdown } from '../worker/shutdown.js';
import { allocatedNodes, allocationId, nodeResources, slurmScheduler } from './allocation-environment.js';
import type { BatchScheduler } from './batch-scheduler.js';
import { SlurmWorkflowCalls } from './slurm-workflow-calls.js';
import { nodeCommand, type WorkerLaunch } from './worker-script.js';

const POLL_MS = 1_000;
const GRACE_MS = 5_000;

/** What a worker may end with that is no failure of its allocation. */
const REGULAR_ENDS: readonly number[] = [
  RUN_EXIT.allDone,
  RUN_EXIT.jobsFailed,
  RUN_EXIT.canceled,
  RUN_EXIT.interrupted,
  RUN_EXIT.jobsLeft,
];

interface Parts {
  /** Base URL, as Torc clients get it. */
  readonly server: string;
  readonly launch: WorkerLaunch;
  readonly client: TorcClient;
  readonly scheduler: BatchScheduler;
  readonly terminal: Terminal;
}

/** Calls back for SIGTERM and SIGINT until `act` has ended. */
const withSignals = async <T>(onSignal: (signal: NodeJS.Signals) => void, act: () => Promise<T>): Promise<T> => {
  process.on('SIGTERM', onSignal).on('SIGINT', onSignal);
  try {
    return await act();
  } finally {
    process.off('SIGTERM', onSignal).off('SIGINT', onSignal);
  }
};

/** Runs jobs of the workflow on this node with what the allocation gives; resolves with an exit code. */
const runHere = async ({ server, launch, client, scheduler, terminal }: Parts, id: string): Promise<number> => {
  const { env } = terminal;
  const { cpus = availableParallelism(), memoryGib = totalmem() / GIB, gpus } = nodeResources(env);
  const timeLimitSeconds = await scheduler.timeLeftSeconds(id);
  const workdir = resolve('.');
  // An allocation that Slurm starts again has the same id.
  const node = `${id}_${env['SLURM_RESTART_COUNT'] ?? '0'}_${env['SLURMD_NODENAME'] ?? hostname()}`;
  const state = await StateFolder.take(join(dirname(launch.serverFile), `worker_${node}`));
  const progress = progressOn(terminal.stdout);
  const shutdown = new Shutdown();
  const signalled = new AbortController();
  const stop = (signal: NodeJS.Signals): void => {
    progress.note(`${signal}: claims no more jobs`);
    signalled.abort();
    shutdown.signal();
  };
  const run = { format: 1, run: randomUUID(), workdir, file: '', digest: '', workflow: launch.workflow } as const;
  try {
    const exitCode = await withSignals(stop, () =>
      runJobs({
        // Jobs may call the server, as the user whose allocation this is.
        environment: { TORC_DATABASE_URL: server, ...environmentOf(env) },
        ...{ state, run, client, progress, shutdown, signalled: signalled.signal },
        options: {
          ...{ offer: { cpus, memoryBytes: Math.floor(memoryGib * GIB), gpus }, timeLimitSeconds },
          ...{ jobsMax: launch.maxParallelJobs ?? Infinity, pollMs: POLL_MS, graceMs: GRACE_MS },
          ...{ rerunFailed: false, force: false, enforceRuntime: false, hashOutputs: false },
        },
        worker: {
          schedulerConfigId: launch.configId,
          nodes: launch.onePerNode ? 1 : allocatedNodes(env).nodes,
          scheduler: slurmScheduler(env, id),
        },
      }),
    );
    return REGULAR_ENDS.includes(exitCode) ? 0 : exitCode;
  } finally {
    await state.release();
  }
};

/** Starts a worker on each node of the allocation and waits for all; resolves with the greatest exit code. */
const runOnEachNode = async ({ launch, terminal }: Parts): Promise<number> => {
  const { nodes, cpus } = allocatedNodes(terminal.env);
  // Without these options a worker would get one processor, or a share of the memory, for all its jobs.
  const whole = [
    '--ntasks-per-node=1',
    `--cpus-per-task=${cpus}`,
    '--mem=0',
    '--cpu-bind=none',
    '--kill-on-bad-exit=0',
  ];
  const args = [`--nodes=${nodes}`, `--ntasks=${nodes}`, ...whole, ...nodeCommand(launch)];
  const child = spawn('srun', args, { env: { ...terminal.env }, stdio: 'inherit' });
  const ended = once(child, 'exit') as Promise<[number | null]>;
  const [code] = await withSignals(
    (signal) => void child.kill(signal),
    () => ended,
  );
  return code ?? EXIT.failed;
};

/**
 * Runs in an allocation: marks it as active, runs workers, and marks it as complete (Torc contract 7.4). Resolves with an exit code.
 *
 * @throws UsageError outside of Slurm; what {@link runJobs} throws
 */
export const runAllocation = async (parts: Parts): Promise<number> => {
  const { launch, client, terminal } = parts;
  const id = allocationId(terminal.env);
  if (id === undefined) throw new UsageError('it works only in allocations of Slurm');
  const { allocation } = launch;
  if (allocation === undefined) return runHere(parts, id);
  const calls = new SlurmWorkflowCalls(client, launch.workflow);
  await calls.changeNode(allocation, { scheduler_id: id, status: 'active' });
  try {
    return await (launch.onePerNode ? runOnEachNode(parts) : runHere(parts, id));
  } finally {
    await calls.changeNode(allocation, { status: 'complete' });
  }
};
