import { existsSync } from 'node:fs';
import { availableParallelism, totalmem } from 'node:os';
import { basename, extname, join, resolve } from 'node:path';
import { type Command, InvalidArgumentError } from 'commander';
import { durationSeconds, GIB } from '#contracts/torc/values.js';
import { integerFrom, numberFrom, UsageError, webAddress } from '../command-line.js';
import { addTokenOptions, type GivenToken, TOKEN_NOTES, tokenSource } from '../worker/token-options.js';
import type { TokenSource } from '../worker/token-source.js';
import type { Offer } from './resources.js';
import { RUN_SUFFIX, runsIn } from './state-folder.js';

export interface RunOptions {
  /** `undefined` when a run is resumed without naming its file. */
  readonly file: string | undefined;
  readonly resume: boolean;
  readonly rerunFailed: boolean;
  readonly force: boolean;
  /** `undefined` runs an embedded Cairn. */
  readonly server: string | undefined;
  readonly token: TokenSource | undefined;
  /** Folder of the run. */
  readonly output: string;
  readonly workdir: string;
  readonly offer: Offer;
  readonly timeLimitSeconds: number | undefined;
  readonly enforceRuntime: boolean;
  readonly jobsMax: number;
  readonly hashOutputs: boolean;
  readonly pollMs: number;
  readonly graceMs: number;
  readonly serverTimeoutMs: number;
}

/** Options as commander parses them. */
export interface GivenRun extends GivenToken {
  readonly resume?: true;
  readonly rerunFailed?: true;
  readonly force?: true;
  readonly server?: string;
  readonly output?: string;
  readonly workdir: string;
  readonly cpus: number;
  readonly memory: number;
  readonly gpus: number;
  readonly timeLimit?: number;
  readonly enforceRuntime?: true;
  readonly jobs?: number;
  /** `false` with --no-hash. */
  readonly hash: boolean;
  readonly poll: number;
  readonly grace: number;
  readonly serverTimeout: number;
}

const MS_PER_SECOND = 1_000;

const NOTES = `
FILE is a Torc workflow specification: YAML (.yaml, .yml), JSON or JSON5. The jobs run in the folder where you are, as you, and as many
at a time as fit. Without --server the runner starts a Cairn of its own, whose data is in the folder of the run.

With --server, a Torc server that asks who you are needs one of:
${TOKEN_NOTES}

The folder of the run (--output; by default NAME.run in --workdir) holds:
  run-N/KEY-NAME.out, .err   what the jobs of the Nth run have printed; KEY-NAME.2.out after a retry
  report.jsonl               a line for each job that ended: return code, time, memory, and SHA-256 of its outputs
  state.json, spool/, data/  what --resume needs

The first Ctrl-C or SIGTERM claims no more jobs. Running ones get --grace to end, and then SIGTERM; those that do not support
termination get SIGKILL 5 s later, the others after compute_node_expiration_buffer_seconds of the config. The second Ctrl-C
kills all at once. The time limit stops them in the same way, that buffer (at most a tenth of the limit) before its end.

--resume goes on, also after kill -9: it runs what has not run, what was stopped, and what depends on files that have changed
since. Jobs that have failed run again only with --rerun-failed.

Exit codes: 0 all jobs are done with return code 0; 1 the server does not answer, or another error; 2 wrong command line or file; 4 jobs
have failed; 5 the workflow was canceled; 6 interrupted, by a signal or the time limit; 7 the workflow was refused; 8 jobs are left
that cannot run here.`;

const duration = (text: string): number => {
  const seconds = durationSeconds(text) ?? Number(text);
  if (text.trim() !== '' && seconds > 0 && Number.isFinite(seconds)) return seconds;
  throw new InvalidArgumentError('It must be a time such as PT1H30M, or a number of seconds.');
};

/** Adds the options of a runner to its command. */
export const addRunOptions = (command: Command): Command =>
  addTokenOptions(
    command
      .argument('[file]', 'workflow specification')
      .option('--resume', 'go on with a run that has ended early')
      .option('--rerun-failed', 'with --resume: run jobs again that have failed or were canceled')
      .option('--force', 'with --resume: restart although another runner seems to be active')
      .option('--output <dir>', 'folder of the run (default: NAME.run in --workdir)')
      .option('--workdir <dir>', 'where jobs run, and paths of files count from', '.')
      .option('--cpus <n>', 'cores that the jobs may take together', integerFrom(1), availableParallelism())
      .option('--memory <gib>', 'memory that they may take, in GiB', numberFrom(0), rounded(totalmem() / GIB))
      .option('--gpus <n>', 'GPUs that they may take', integerFrom(0), 0)
      .option('--jobs <n>', 'jobs at the same time, at most', integerFrom(1))
      .option('--time-limit <time>', 'end after this time: seconds, or a duration such as PT1H30M', duration)
      .option('--enforce-runtime', 'terminate jobs that take longer than the runtime they ask for')
      .option('--no-hash', 'do not hash the outputs of jobs')
      .option('--poll <seconds>', 'pause when there is nothing to claim', numberFrom(0.01, 3), 1)
      .option('--grace <seconds>', 'time that running jobs get to end after a signal', numberFrom(0), 5)
      .option('--server <url>', 'base URL of a Torc server, as the Torc client gets it', webAddress),
  )
    .option('--server-timeout <seconds>', 'give up when the server is silent for so long', numberFrom(0), 600)
    .addHelpText('after', NOTES);

const rounded = (value: number): number => Math.floor(value * 100) / 100;

const outputOf = async (
  file: string | undefined,
  given: GivenRun,
  workdir: string,
  path: (name: string) => string,
): Promise<string> => {
  if (given.output !== undefined) return path(given.output);
  if (file !== undefined) return join(workdir, basename(file, extname(file)) + RUN_SUFFIX);
  if (given.resume !== true) throw new UsageError('name a workflow file');
  const [first, ...others] = await runsIn(workdir);
  if (first === undefined)
    throw new UsageError(`there is no run in ${workdir} to resume: name its file, or its folder with --output`);
  if (others.length > 0)
    throw new UsageError(`several runs are in ${workdir}: name one with --output (${[first, ...others].join(', ')})`);
  return first;
};

/**
 * @param env variables of this process; `INIT_CWD` is the user's working directory, from which relative paths are resolved
 * @throws UsageError
 */
export const readRunOptions = async (
  file: string | undefined,
  given: GivenRun,
  env: Readonly<Record<string, string | undefined>>,
): Promise<RunOptions> => {
  const path = (name: string): string => resolve(env['INIT_CWD'] ?? '.', name);
  const { server, timeLimit } = given;
  if (given.rerunFailed && !given.resume) throw new UsageError('--rerun-failed goes with --resume');
  const token = tokenSource(given, server ?? '', path);
  if (token !== undefined && server === undefined) throw new UsageError('a token is for a --server');
  const workdir = path(given.workdir);
  if (!existsSync(workdir)) throw new UsageError(`--workdir: there is no folder ${workdir}`);
  return {
    file: file === undefined ? undefined : path(file),
    resume: given.resume ?? false,
    rerunFailed: given.rerunFailed ?? false,
    force: given.force ?? false,
    server,
    token,
    output: await outputOf(file, given, workdir, path),
    workdir,
    offer: { cpus: given.cpus, memoryBytes: given.memory * GIB, gpus: given.gpus },
    timeLimitSeconds: timeLimit,
    enforceRuntime: given.enforceRuntime ?? false,
    jobsMax: given.jobs ?? Infinity,
    hashOutputs: given.hash,
    pollMs: given.poll * MS_PER_SECOND,
    graceMs: given.grace * MS_PER_SECOND,
    serverTimeoutMs: given.serverTimeout * MS_PER_SECOND,
  };
};
