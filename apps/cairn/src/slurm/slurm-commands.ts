import { execFile } from 'node:child_process';
import { join } from 'node:path';
import {
  type Allocation,
  type AllocationRequest,
  type BatchScheduler,
  SchedulerRefused,
  SchedulerSilent,
} from './batch-scheduler.js';
import { sbatchOptions } from './sbatch-options.js';
import { secondsOf } from './slurm-time.js';

type Environment = Readonly<Record<string, string | undefined>>;

/** Slurm's own commands try again for a while when the controller is silent. */
const TIMEOUT_MS = 120_000;
const ANSWER_BYTES_MAX = 64 * 1024 * 1024;
/** A longer list could exceed the length of an argument. */
const IDS_MAX = 5_000;
const QUEUED: ReadonlySet<string> = new Set(['PENDING', 'REQUEUED', 'REQUEUE_FED', 'REQUEUE_HOLD', 'SPECIAL_EXIT']);
/** Some versions of squeue list allocations that were asked for by id for minutes after their end. */
const ENDED =
  /^(?:BOOT_FAIL|CANCELLED|COMPLETED|DEADLINE|FAILED|NODE_FAIL|OUT_OF_MEMORY|PREEMPTED|REVOKED|TIMEOUT|LAUNCH_FAILED|RECONFIG_FAIL)$/;
/** The controller may have done what it was asked all the same. */
const NO_ANSWER = /timed out|unable to contact|communication connection failure|zero bytes were transmitted/i;

/** The part of an environment whose names have none of these beginnings. */
const without = (env: Environment, ...beginnings: readonly string[]): Environment =>
  Object.fromEntries(Object.entries(env).filter(([name]) => !beginnings.some((one) => name.startsWith(one))));

const lastLine = (text: string): string => text.trim().split('\n').at(-1) ?? '';

/** Of one allocation that has ended long ago, Slurm's commands say that its id is invalid; of several they leave it out. */
const nothingForUnknown = (error: unknown): string => {
  if (error instanceof SchedulerRefused && error.message.includes('Invalid job id specified')) return '';
  throw error;
};

/** Calls Slurm's own commands `sbatch`, `squeue` and `scancel`. */
export class SlurmCommands implements BatchScheduler {
  /** Of the queries. Variables such as SQUEUE_STATES would hide allocations. */
  private readonly env: Environment;
  /** Of submissions, which pass it on to the nodes. Cairn's own variables may hold secrets. */
  private readonly submissionEnv: Environment;

  constructor(env: Environment) {
    this.env = without(env, 'SQUEUE_', 'SCANCEL_');
    this.submissionEnv = without(env, 'CAIRN_');
  }

  async submit({ config, name, label, script, workdir, folder }: AllocationRequest): Promise<string> {
    const output = join(folder.replaceAll('%', '%%'), `${name}_%j.log`);
    const own = [`--job-name=${name}`, `--comment=${label}`, `--chdir=${workdir}`, `--output=${output}`];
    const options = [...sbatchOptions(config), '--parsable', ...own];
    const answer = await this.run('sbatch', options, this.submissionEnv, script);
    // With several clusters, the name of the cluster follows after a semicolon.
    const id = /^\d+/.exec(lastLine(answer))?.[0];
    if (id === undefined) throw new SchedulerSilent(`sbatch answered no id: ${lastLine(answer)}`);
    return id;
  }

  async find(ids?: readonly string[]): Promise<readonly Allocation[]> {
    if (ids?.length === 0) return [];
    const filter = ids === undefined || ids.length > IDS_MAX ? [] : [`--jobs=${ids.join(',')}`];
    const answer = await this.run('squeue', ['--noheader', '--all', '--format=%A|%T|%k', ...filter], this.env).catch(
      nothingForUnknown,
    );
    return answer.split('\n').flatMap((line) => {
      const [id = '', state = '', ...label] = line.trim().split('|');
      return id === '' || ENDED.test(state) ? [] : [{ id, label: label.join('|'), isQueued: QUEUED.has(state) }];
    });
  }

  async cancel(ids: readonly string[], which: 'queued' | 'all'): Promise<void> {
    if (ids.length === 0) return;
    const options = which === 'queued' ? ['--state=PENDING'] : [];
    await this.run('scancel', [...options, ...ids], this.env).catch(nothingForUnknown);
  }

  async timeLeftSeconds(id: string): Promise<number | undefined> {
    return secondsOf((await this.run('squeue', ['--noheader', `--jobs=${id}`, '--format=%L'], this.env)).trim());
  }

  /** Resolves with what the program prints. */
  private run(program: string, args: readonly string[], env: Environment, input = ''): Promise<string> {
    return new Promise((settle, refuse) => {
      const options = { env: { ...env }, timeout: TIMEOUT_MS, maxBuffer: ANSWER_BYTES_MAX };
      const child = execFile(program, args, options, (error, stdout, stderr) => {
        if (error === null) settle(stdout);
        else if (error.code === 'ENOENT') refuse(new SchedulerRefused(`there is no program ${program} here`));
        else if (typeof error.code !== 'number' || NO_ANSWER.test(stderr))
          refuse(new SchedulerSilent(`${program}: ${lastLine(stderr) || error.message}`));
        else refuse(new SchedulerRefused(`${program}: ${stderr.trim()}`));
      });
      // A program that ends early closes its input.
      child.stdin?.on('error', () => undefined).end(input);
    });
  }
}
