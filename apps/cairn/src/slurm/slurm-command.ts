import { resolve } from 'node:path';
import { Command, InvalidArgumentError } from 'commander';
import { CAIRN_PROGRAM } from '#platform/program-path.js';
import {
  addRequiredOption,
  EXIT,
  integerFrom,
  numberFrom,
  type Terminal,
  UsageError,
  webAddress,
} from '../command-line.js';
import { ActionCalls } from '../run/action-calls.js';
import { TorcClient } from '../run/torc-client.js';
import { CannotRunWorkflow } from '../run/torc-workflow.js';
import { AccessDenied, Refused, Unreachable } from '../worker/http-client.js';
import { addTokenOptions, type GivenToken, TOKEN_NOTES, tokenSource } from '../worker/token-options.js';
import { runAllocation } from './allocation-worker.js';
import { Allocations } from './allocations.js';
import { SchedulerRefused, SchedulerSilent, type SlurmConfig } from './batch-scheduler.js';
import { BadSlurmConfig } from './sbatch-options.js';
import { NotWords, shellWords } from '../worker/shell-words.js';
import { SlurmCommands } from './slurm-commands.js';
import { isNamed, SlurmWorkflowCalls } from './slurm-workflow-calls.js';
import { Watch } from './watch.js';
import { readServerFile, type ServerFile, writeServerFile } from './worker-script.js';

interface GivenServer extends GivenToken {
  readonly server?: string;
  readonly workflow: string;
}

interface GivenAllocations extends GivenServer {
  readonly scheduler?: string;
  readonly nodes: number;
  readonly folder: string;
  readonly cairn?: readonly string[];
}

interface GivenSchedule extends GivenAllocations {
  readonly maxParallelJobs?: number;
  readonly onePerNode?: true;
}

interface GivenWatch extends GivenAllocations {
  readonly poll: number;
  readonly once?: true;
}

interface GivenCancel extends GivenServer {
  readonly queued?: true;
}

interface GivenWorker {
  readonly serverFile: string;
  readonly workflow: string;
  readonly scheduler: string;
  readonly allocation?: string;
  readonly maxParallelJobs?: number;
  readonly onePerNode?: true;
}

const ALLOCATIONS_MAX = 10_000;
/** After it, a server that does not answer is reported; the watch goes on. */
const SERVER_TIMEOUT_MS = 10 * 60_000;

/** The compiled program that runs now. */
const OWN_PROGRAM = [process.execPath, CAIRN_PROGRAM];

const wordsOf = (text: string): readonly string[] => {
  try {
    return shellWords(text);
  } catch (error) {
    if (error instanceof NotWords) throw new InvalidArgumentError(error.message);
    throw error;
  }
};

const NOTES = `
It calls sbatch, squeue and scancel, so it runs where these work: on a login node, as the user whose allocations these are.

The address of the server can also be given in CAIRN_SERVER, where other users of this machine do not see it. Where the server asks
for tokens, give one of:
${TOKEN_NOTES}
Neither stands in batch scripts or on command lines of nodes: they are read from a file in --folder that only you can read.`;

const addServerOptions = (command: Command): Command =>
  addTokenOptions(
    addRequiredOption(
      command.option('--server <url>', 'address of the server, as Torc clients get it', webAddress),
      '--workflow <key>',
      'key of the workflow',
      String,
    ),
  ).addHelpText('after', NOTES);

const addAllocationOptions = (command: Command): Command =>
  addServerOptions(command)
    .option('--folder <dir>', 'folder that nodes see too: output of allocations', 'cairn-slurm')
    .option('--cairn <command>', 'how nodes call cairn (default: this program)', wordsOf);

/** What goes wrong without being a fault of this program. */
const EXPECTED = [
  Refused,
  AccessDenied,
  Unreachable,
  CannotRunWorkflow,
  SchedulerRefused,
  SchedulerSilent,
  BadSlurmConfig,
];
const isExpected = (error: unknown): error is Error => EXPECTED.some((kind) => error instanceof kind);

/** `cairn slurm` */
export const slurmCommand = (terminal: Terminal): Command => {
  const { env, stdout, stderr } = terminal;
  const scheduler = new SlurmCommands(env);
  const path = (file: string): string => resolve(env['INIT_CWD'] ?? '.', file);
  const note = (line: string): void => {
    // Messages quote what others wrote.
    stdout.write(`${new Date().toISOString().slice(11, 19)} ${line.replaceAll(/\p{Cc}/gu, '\uFFFD')}\n`);
  };
  const warn = (message: string): void => void stderr.write(`${message}\n`);
  /** Reports what is expected to go wrong, and sets the exit code. */
  const reporting =
    <Given>(act: (given: Given) => Promise<void>) =>
    async (given: Given): Promise<void> => {
      try {
        await act(given);
      } catch (error) {
        if (!isExpected(error)) throw error;
        warn(error.message);
        terminal.exitCode = EXIT.failed;
      }
    };

  const serverOf = (given: GivenServer): ServerFile => {
    const server = given.server ?? env['CAIRN_SERVER'];
    if (server === undefined) throw new UsageError('give --server or the variable CAIRN_SERVER');
    const { tokenFile, clientId, clientSecretFile, refreshTokenFile, tokenUrl } = given;
    const token = {
      ...(tokenFile !== undefined && { tokenFile: path(tokenFile) }),
      ...(clientId !== undefined && { clientId }),
      ...(clientSecretFile !== undefined && { clientSecretFile: path(clientSecretFile) }),
      ...(refreshTokenFile !== undefined && { refreshTokenFile: path(refreshTokenFile) }),
      ...(tokenUrl !== undefined && { tokenUrl }),
    };
    return { server, token };
  };
  const clientOf = ({ server, token }: ServerFile): TorcClient => {
    const source = tokenSource(token, server, path);
    const onSilence = (message: string): void => note(`no answer: ${message}; tries again`);
    return new TorcClient({ url: server, token: source, timeoutMs: SERVER_TIMEOUT_MS, onSilence });
  };
  const openAllocations = async (given: GivenAllocations) => {
    const server = serverOf(given);
    const client = clientOf(server);
    const calls = new SlurmWorkflowCalls(client, given.workflow);
    const folder = path(given.folder);
    const serverFile = await writeServerFile(folder, server);
    const settings = {
      cairn: given.cairn ?? OWN_PROGRAM,
      serverFile,
      workdir: path('.'),
      folder,
      host: new URL(server.server).host,
    };
    const actions = new ActionCalls(client, given.workflow);
    return { calls, actions, allocations: new Allocations(calls, scheduler, settings) };
  };

  const chosen = (configs: readonly SlurmConfig[], scheduler: string | undefined): SlurmConfig => {
    const [config, ...others] = scheduler === undefined ? configs : configs.filter((one) => isNamed(one, scheduler));
    if (config !== undefined && others.length === 0) return config;
    const names = configs.map((one) => `${one._key} (${one.name ?? ''})`).join(', ');
    throw new UsageError(`give --scheduler with one of the workflow's configurations: ${names || 'there is none'}`);
  };

  const command = new Command('slurm').description('Runs workflows of Torc in allocations of a Slurm cluster.');

  addAllocationOptions(command.command('schedule-nodes'))
    .description('ask for allocations, in each of which a worker runs jobs of the workflow')
    .option('--scheduler <key>', 'scheduler configuration: key, id or name (default: the only one)')
    .option(
      '--nodes <n>',
      'allocations, each of as many nodes as the configuration says',
      integerFrom(1, ALLOCATIONS_MAX),
      1,
    )
    .option('--max-parallel-jobs <n>', 'jobs that a worker runs at the same time', integerFrom(1))
    .option('--one-per-node', 'start a worker on each node, not one for all nodes of an allocation')
    .action(
      reporting(async (given: GivenSchedule) => {
        const { calls, allocations } = await openAllocations(given);
        const waiting = (await calls.countJobs('ready')) + (await calls.countJobs('scheduled'));
        if (waiting === 0) throw new UsageError('no job is ready: start the workflow first');
        const config = chosen(await calls.configs(), given.scheduler);
        const options = { maxParallelJobs: given.maxParallelJobs, onePerNode: given.onePerNode ?? false };
        stdout.write(`${(await allocations.request(config, given.nodes, options)).join('\n')}\n`);
      }),
    );

  addAllocationOptions(command.command('watch'))
    .description(
      'ask for allocations while jobs are ready, drop those that are not needed, until the workflow is complete',
    )
    .option('--scheduler <key>', 'use only this configuration: key, id or name')
    .option('--nodes <n>', 'allocations of each configuration at the same time', integerFrom(1, ALLOCATIONS_MAX), 1)
    .option('--poll <seconds>', 'pause between two questions to Slurm', numberFrom(0.1), 30)
    .option('--once', 'look once and end')
    .action(
      reporting(async (given: GivenWatch) => {
        const { calls, actions, allocations } = await openAllocations(given);
        const options = { allocationsMax: given.nodes, scheduler: given.scheduler };
        const watch = new Watch(calls, actions, allocations, scheduler, options, note);
        const stopped = new AbortController();
        const stop = (): void => stopped.abort();
        process.on('SIGTERM', stop);
        process.on('SIGINT', stop);
        try {
          await watch.run(given.once === true ? undefined : given.poll * 1000, stopped.signal);
        } finally {
          process.off('SIGTERM', stop);
          process.off('SIGINT', stop);
        }
      }),
    );

  addServerOptions(command.command('cancel'))
    .description('cancel the allocations of a workflow. The workflow itself goes on')
    .option('--queued', 'only those that have not started')
    .action(
      reporting(async (given: GivenCancel) => {
        const server = serverOf(given);
        const calls = new SlurmWorkflowCalls(clientOf(server), given.workflow);
        const host = new URL(server.server).host;
        const allocations = new Allocations(calls, scheduler, {
          cairn: [],
          serverFile: '',
          workdir: '',
          folder: '',
          host,
        });
        const cancelled = await allocations.cancel(given.queued === true ? 'queued' : 'all');
        for (const id of cancelled) stdout.write(`${id}\n`);
      }),
    );

  const worker = command.command('worker').description('what allocations run: a worker of the workflow');
  addRequiredOption(worker, '--server-file <file>', 'address of the server', String);
  addRequiredOption(worker, '--workflow <key>', 'key of the workflow', String);
  addRequiredOption(worker, '--scheduler <id>', 'id of the scheduler configuration', String);
  worker
    .option('--allocation <key>', 'document of the allocation')
    .option('--max-parallel-jobs <n>', 'jobs at the same time', integerFrom(1))
    .option('--one-per-node', 'one worker for each node')
    .action(
      reporting(async ({ serverFile, scheduler: configId, ...given }: GivenWorker) => {
        const content = await readServerFile(serverFile);
        const { workflow, allocation, maxParallelJobs, onePerNode = false } = given;
        const launch = { cairn: OWN_PROGRAM, serverFile, workflow, configId, allocation, maxParallelJobs, onePerNode };
        terminal.exitCode = await runAllocation({
          server: content.server,
          launch,
          client: clientOf(content),
          scheduler,
          terminal,
        });
      }),
    );
  return command;
};
