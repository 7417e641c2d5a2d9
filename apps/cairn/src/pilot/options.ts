import { chmodSync, existsSync, mkdirSync, statfsSync, statSync } from 'node:fs';
import { hostname, tmpdir, totalmem } from 'node:os';
import { join, resolve } from 'node:path';
import { type Command, Option } from 'commander';
import { addRequiredOption, integerFrom, numberFrom, repeated, UsageError, webAddress } from '../command-line.js';
import { type SandboxChoice, SANDBOXES } from '../worker/sandbox/open-sandbox.js';
import { PASSAGE } from '../worker/sandbox/task-folders.js';
import { taskEnvironment } from '../worker/task-environment.js';
import {
  addTokenOptions,
  type GivenToken,
  ONE_TOKEN,
  secretFiles,
  TOKEN_NOTES,
  tokenSource,
} from '../worker/token-options.js';
import type { TokenSource } from '../worker/token-source.js';

/** APIs that pilots speak. */
const DIALECTS = ['iceprod', 'panda'] as const;

export interface PilotOptions {
  readonly dialect: (typeof DIALECTS)[number];
  /** With the dialect PanDA only. */
  readonly panda: {
    readonly label: string;
    readonly origin: string;
    readonly inputs: readonly string[];
    readonly outputs: string | undefined;
  };
  readonly url: string;
  readonly token: TokenSource;
  readonly slots: number;
  /** Resources of one slot. */
  readonly offer: {
    readonly cpu: number;
    readonly gpu: number;
    /** GB */
    readonly memory: number;
    /** GB */
    readonly disk: number;
    /** Hours. */
    readonly time: number;
    readonly site: string;
  };
  readonly dataset: string | undefined;
  readonly workdir: string;
  readonly sources: string | undefined;
  readonly sandbox: SandboxChoice;
  /** Environment variables of tasks. */
  readonly environment: Readonly<Record<string, string>>;
  readonly outputBytesMax: number;
  readonly pollMs: number;
  readonly serverTimeoutMs: number;
  readonly heartbeatTimeoutSeconds: number;
  /** Attempts after which a task fails permanently. */
  readonly failuresMax: number;
  /** Failures of this machine in a row after which it takes no more work; 0 for any number. */
  readonly machineFailuresMax: number;
  readonly graceMs: number;
  readonly exitWhenIdle: boolean;
  readonly keep: boolean;
}

/** Options as commander parses them. */
interface Given extends GivenToken {
  readonly dialect: PilotOptions['dialect'];
  readonly label: string;
  readonly origin: string;
  readonly inputs: readonly string[];
  readonly outputs?: string;
  readonly url: string;
  readonly slots: number;
  readonly cpus: number;
  readonly gpus: number;
  readonly memory?: number;
  readonly disk?: number;
  readonly time: number;
  readonly site: string;
  readonly dataset?: string;
  readonly workdir: string;
  readonly sources?: string;
  readonly sandbox: SandboxChoice['kind'];
  readonly taskUser?: string;
  readonly readable: readonly string[];
  readonly writable: readonly string[];
  /** `false` with --no-network. */
  readonly network: boolean;
  readonly env: readonly string[];
  readonly outputSize: number;
  readonly poll: number;
  readonly serverTimeout: number;
  readonly heartbeatTimeout: number;
  readonly maxFailures: number;
  readonly maxMachineFailures: number;
  readonly grace: number;
  readonly exitWhenIdle?: true;
  readonly keep?: true;
}

const SLOTS_MAX = 1024;
const BYTES_PER_GB = 1e9;
const BYTES_PER_MB = 1e6;
/** Minimum that the server accepts (contract 12). */
const HEARTBEAT_TIMEOUT_SECONDS_MIN = 30;
const NOTES = `
Tokens need the role worker; tokens of the roles system and admin work, but open everything to whoever steals them. (With the role
pilot it cannot register, and claims only tasks that somebody has queued by POST /task_actions/queue with num_tasks, as pilots of
old IceProd did.) Give one of:
${TOKEN_NOTES}
A pilot that cannot renew its token asks only for tasks that need less time than the token lives.

Tasks are commands of other people. --sandbox says what keeps them from this machine:
  bubblewrap   They see the system (/usr, /etc, /opt and /cvmfs, read-only), --sources, --readable and --writable folders, a work
               folder and a /tmp of their own, and no processes but their own. Tasks of root run as --task-user. When a task
               ends, so do all of its processes.
  user         They run as --task-user; only root can do that. Tasks at the same time are not kept from each other.
  none         They can do all that this pilot can, and read its token.
  auto         The first of these that works here; the pilot says on stderr which.

Each slot asks for tasks that need no more than --cpus, --gpus, --memory, --disk and --time. Tasks are not held to it.
What tasks print becomes their logs stdout and stderr, what the pilot did their log stdlog.
Results stay in WORKDIR/spool until they are delivered, also by a later pilot.

The first SIGTERM or Ctrl-C lets running tasks end, or hands them back after --grace; the second ends all at once.

With --dialect panda it claims jobs of the PanDA queue --site. Their inputs are looked up by name in --outputs and --inputs; outputs and logs are
kept in --outputs. A transformation that is a URL is downloaded and run with the job's parameters; Cairn's default one runs the
command of prun's -p. The token needs the VO's role pilot or production: --group wlcg --group wlcg/pilot for example.

Exit codes: 0 done; 1 the server refused or did not answer, or results stay on disk; 2 wrong command line;
3 this machine failed too many tasks in a row.`;

/** The folder is for one user alone, who could otherwise be made to deliver the results of others. */
const defaultWorkdir = (): string => join(tmpdir(), `cairn-pilot-${String(process.getuid?.() ?? '')}`);

/** Adds the options of a pilot to its command. */
export const addPilotOptions = (command: Command): Command =>
  addTokenOptions(addRequiredOption(command, '--url <url>', 'address of the server', webAddress))
    .option('--slots <n>', 'tasks at the same time', integerFrom(1, SLOTS_MAX), 1)
    .option('--cpus <n>', 'cores that each slot offers', numberFrom(0), 1)
    .option('--gpus <n>', 'GPUs that each slot offers; 0 takes CPU tasks only', numberFrom(0), 0)
    .option('--memory <gb>', "memory that each slot offers (default: this machine's, by slots)", numberFrom(0))
    .option('--disk <gb>', 'disk that each slot offers (default: what is free, by slots)', numberFrom(0))
    .option('--time <hours>', 'longest task taken', numberFrom(0), 24)
    .option('--site <name>', 'site to claim for; of PanDA the queue', hostname())
    .addOption(new Option('--dialect <api>', 'API of the server').choices(DIALECTS).default('iceprod'))
    .option('--label <name>', 'PanDA: prodSourceLabel to ask for: user, managed, unified, test ...', 'user')
    .option('--origin <vo:role>', 'PanDA: VO and role of the token', 'wlcg:pilot')
    .option('--inputs <dir>', 'PanDA: folder with input files; may be repeated', repeated, [])
    .option('--outputs <dir>', 'PanDA: where outputs are kept (default: outputs in the work folder)')
    .option('--dataset <id>', 'claim from this dataset only')
    .option('--workdir <dir>', 'files of tasks; pilots that share it share those of jobs', defaultWorkdir())
    .option('--sources <dir>', 'where a relative src is looked up; tasks can read it')
    .addOption(new Option('--sandbox <kind>', 'what keeps tasks from this machine').choices(SANDBOXES).default('auto'))
    .option('--task-user <name>', 'whom tasks of a pilot of root run as (default: nobody)')
    .option('--readable <dir>', 'folder that tasks in a sandbox can read; may be repeated', repeated, [])
    .option('--writable <dir>', 'folder that tasks in a sandbox can write to; may be repeated', repeated, [])
    .option('--no-network', 'tasks in bubblewrap reach no network')
    .option('--env <name>', 'environment variable that tasks get too; may be repeated', repeated, [])
    .option('--output-size <mb>', 'how much of the end of stdout and of stderr is kept', numberFrom(0, 1000), 1)
    .option('--poll <seconds>', 'pause when there is nothing to claim', numberFrom(0), 2)
    .option('--server-timeout <seconds>', 'give up when the server is silent for so long', numberFrom(0), 600)
    .option(
      '--heartbeat-timeout <seconds>',
      'the server gives the tasks of a pilot that is silent for so long to others',
      integerFrom(HEARTBEAT_TIMEOUT_SECONDS_MIN),
      300,
    )
    .option('--max-failures <n>', 'attempts after which a task has failed instead of being reset', integerFrom(1), 10)
    .option(
      '--max-machine-failures <n>',
      'end after so many failures of this machine in a row, such as missing programs; 0: never',
      integerFrom(0),
      5,
    )
    .option('--grace <seconds>', 'time that running tasks get to end after a signal', numberFrom(0), 30)
    .option('--exit-when-idle', 'end as soon as there is nothing to claim')
    .option('--keep', "leave the tasks' work folders behind")
    .addHelpText('after', NOTES);

const freeDiskGb = (folder: string): number => {
  const { bavail, bsize } = statfsSync(folder);
  return (bavail * bsize) / BYTES_PER_GB;
};

const rounded = (value: number): number => Math.floor(value * 10) / 10;

const OTHERS_WRITE = 0o022;

/**
 * Makes the work folder, or checks that only its owner can put anything there: the pilot delivers the results in it.
 *
 * @throws UsageError
 */
const makeWorkdir = (folder: string): void => {
  try {
    // The mode of mkdir depends on the umask.
    if (mkdirSync(folder, { recursive: true }) !== undefined) chmodSync(folder, PASSAGE);
  } catch (error) {
    throw new UsageError(`--workdir cannot be made: ${(error as Error).message}`);
  }
  const { uid, mode } = statSync(folder);
  if (process.getuid !== undefined && uid !== process.getuid()) {
    throw new UsageError(`--workdir ${folder} belongs to another user`);
  }
  if ((mode & OTHERS_WRITE) !== 0) throw new UsageError(`other users can write to --workdir ${folder}: chmod go-w`);
};

const existingFolder = (option: string, folder: string): string => {
  if (!existsSync(folder)) throw new UsageError(`${option}: there is no folder ${folder}`);
  return folder;
};

/**
 * Makes the work folder.
 *
 * @param env variables of this process; `INIT_CWD` is the user's working directory, from which relative paths are resolved
 * @throws UsageError
 */
export const readOptions = (given: Given, env: Readonly<Record<string, string | undefined>>): PilotOptions => {
  const path = (file: string): string => resolve(env['INIT_CWD'] ?? '.', file);
  const token = tokenSource(given, given.url, path);
  if (token === undefined) throw new UsageError(ONE_TOKEN);
  const sources = given.sources === undefined ? undefined : existingFolder('--sources', path(given.sources));
  const workdir = path(given.workdir);
  makeWorkdir(workdir);
  const { slots, network } = given;
  const environment = taskEnvironment(env, given.env);
  const readable = given.readable.map((folder) => existingFolder('--readable', path(folder)));
  const writable = given.writable.map((folder) => existingFolder('--writable', path(folder)));
  const access = {
    readable: sources === undefined ? readable : [sources, ...readable],
    writable,
    workdir,
    secrets: secretFiles(given).map(path),
    network,
    gpus: given.gpus > 0,
  };
  const inputs = given.inputs.map((folder) => existingFolder('--inputs', path(folder)));
  return {
    dialect: given.dialect,
    panda: {
      label: given.label,
      origin: given.origin,
      inputs,
      outputs: given.outputs === undefined ? undefined : path(given.outputs),
    },
    url: given.url,
    token,
    slots,
    offer: {
      cpu: given.cpus,
      gpu: given.gpus,
      memory: given.memory ?? rounded(totalmem() / slots / BYTES_PER_GB),
      disk: given.disk ?? rounded(freeDiskGb(workdir) / slots),
      time: given.time,
      site: given.site,
    },
    dataset: given.dataset,
    workdir,
    sources,
    sandbox: { kind: given.sandbox, user: given.taskUser, access, environment },
    environment,
    outputBytesMax: given.outputSize * BYTES_PER_MB,
    pollMs: given.poll * 1000,
    serverTimeoutMs: given.serverTimeout * 1000,
    heartbeatTimeoutSeconds: given.heartbeatTimeout,
    failuresMax: given.maxFailures,
    machineFailuresMax: given.maxMachineFailures,
    graceMs: given.grace * 1000,
    exitWhenIdle: given.exitWhenIdle ?? false,
    keep: given.keep ?? false,
  };
};
