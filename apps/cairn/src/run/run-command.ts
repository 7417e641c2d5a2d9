import { Command } from 'commander';
import { EXIT, type Terminal, UsageError } from '../command-line.js';
import { AccessDenied, Interrupted, Refused, Unreachable } from '../worker/http-client.js';
import { Shutdown } from '../worker/shutdown.js';
import { startEmbeddedServer } from './embedded-server.js';
import { RUN_EXIT } from './exit-codes.js';
import { addRunOptions, type GivenRun, readRunOptions, type RunOptions } from './options.js';
import { progressOn } from './progress.js';
import { runJobs } from './run-jobs.js';
import { StateFolder } from './state-folder.js';
import { earlierRun, newRun, submit } from './submission.js';
import { TorcClient } from './torc-client.js';
import { CannotRunWorkflow } from './torc-workflow.js';

/** Variables of the launcher that are nothing to jobs, and the address of the server, which may hold a secret. */
const OWN_VARIABLES: ReadonlySet<string> = new Set(['INIT_CWD', 'NODE_COMPILE_CACHE', 'CAIRN_SERVER']);

/** Environment variables of jobs. */
export const environmentOf = (env: Terminal['env']): Readonly<Record<string, string>> =>
  Object.fromEntries(
    Object.entries(env).flatMap(([name, value]) =>
      value === undefined || OWN_VARIABLES.has(name) ? [] : [[name, value]],
    ),
  );

/** What the system refuses, such as room on a full disk: the message says it. */
const isSystemError = (error: unknown): boolean => error instanceof Error && 'syscall' in error;

/** Exit code of an error that a run may end with; `undefined` for bugs. */
const exitCodeOf = (error: unknown): number | undefined => {
  if (error instanceof Interrupted) return RUN_EXIT.interrupted;
  if (error instanceof CannotRunWorkflow || error instanceof Refused || error instanceof AccessDenied)
    return RUN_EXIT.refused;
  return error instanceof Unreachable || isSystemError(error) ? EXIT.failed : undefined;
};

/** Exit codes of runs of which jobs are left. */
const RESUMABLE: ReadonlySet<number> = new Set([
  RUN_EXIT.interrupted,
  RUN_EXIT.error,
  RUN_EXIT.refused,
  RUN_EXIT.jobsLeft,
]);

/** How a run goes on that has not done all its jobs. */
const howToGoOn = (exitCode: number, output: string): string | undefined => {
  if (!StateFolder.holdsRun(output)) return undefined;
  if (exitCode === RUN_EXIT.jobsFailed) return '--resume --rerun-failed runs jobs again that failed or were canceled';
  return RESUMABLE.has(exitCode) ? `--resume goes on with the run in ${output}` : undefined;
};

/** @throws UsageError when the folder of the run does not fit the options */
const checkFolder = ({ output, resume }: RunOptions): void => {
  const holdsRun = StateFolder.holdsRun(output);
  if (resume && !holdsRun) throw new UsageError(`there is no run in ${output}`);
  if (!resume && holdsRun) {
    throw new UsageError(`${output} holds a run: --resume goes on with it, --output names another folder`);
  }
};

const runWorkflow = async (options: RunOptions, terminal: Terminal): Promise<void> => {
  checkFolder(options);
  const progress = progressOn(terminal.stdout);
  const note = (line: string): void => progress.note(line);
  const shutdown = new Shutdown();
  const signalled = new AbortController();
  const stop = (signal: NodeJS.Signals): void => {
    note(signalled.signal.aborted ? `${signal}: ends at once` : `${signal}: claims no more jobs`);
    signalled.abort();
    shutdown.signal();
  };
  const state = await StateFolder.take(options.output);
  process.on('SIGTERM', stop).on('SIGINT', stop);
  try {
    const run = await (options.resume ? earlierRun : newRun)(options, state, note);
    await using embedded = run.server === undefined ? await startEmbeddedServer(state, run.run, note) : undefined;
    const client = new TorcClient({
      url: embedded?.url ?? run.server ?? '',
      token: embedded?.token ?? options.token,
      timeoutMs: options.serverTimeoutMs,
      ...(embedded !== undefined && { lost: embedded.lost }),
      onSilence: (message) => note(`no answer: ${message}; tries again`),
    });
    const known = await submit(client, run, state, { signal: shutdown.stopping });
    const environment = {
      ...environmentOf(terminal.env),
      ...(embedded !== undefined && { TORC_DATABASE_URL: embedded.urlForJobs }),
    };
    const parts = { options, environment, state, run: known, client, progress, shutdown };
    terminal.exitCode = await runJobs({ ...parts, signalled: signalled.signal });
    const next = howToGoOn(terminal.exitCode, options.output);
    if (next !== undefined) note(next);
  } catch (error) {
    const exitCode = exitCodeOf(error);
    if (exitCode === undefined) throw error;
    const lines = [(error as Error).message, howToGoOn(exitCode, options.output) ?? []].flat();
    terminal.stderr.write(`${error instanceof Interrupted ? 'interrupted: ' : ''}${lines.join('\n')}\n`);
    terminal.exitCode = exitCode;
  } finally {
    process.off('SIGTERM', stop).off('SIGINT', stop);
    await state.release();
  }
};

/** `cairn run` */
export const runCommand = (terminal: Terminal): Command =>
  addRunOptions(new Command('run'))
    .description(
      'Runs a Torc workflow on this machine: its jobs in the order of their dependencies, as many at a time as fit.',
    )
    .action(async (file: string | undefined, given: GivenRun) =>
      runWorkflow(await readRunOptions(file, given, terminal.env), terminal),
    );
