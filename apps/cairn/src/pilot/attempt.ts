import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { finished } from 'node:stream/promises';
import { CannotRun, planTask, type Step, type Transfer } from './plan.js';
import { parseJson, writeJson, type Json } from '#contracts/iceprod/config/json.js';
import { OutputFile } from '../worker/output-file.js';
import type { Usage } from '../worker/process-usage.js';
import { type EndSignals, type Outcome, runProcess } from '../worker/run-process.js';
import type { Sandbox } from '../worker/sandbox/sandbox.js';
import type { SharedTransfer, Workspace } from './workspace.js';

interface AttemptInput {
  readonly config: Json;
  readonly dataset: Json;
  readonly task: Json;
  /** Content of `task.json`, which the task may read. */
  readonly about: object;
  readonly sources: string | undefined;
  readonly sandbox: Sandbox;
  /** Environment variables of the processes. */
  readonly environment: Readonly<Record<string, string>>;
  /** How much of the end of stdout and of stderr is kept. */
  readonly outputBytesMax: number;
  readonly end: EndSignals;
}

/** Outcome of one attempt at a task. */
export interface Attempt {
  /** `undefined` after success. */
  readonly failure: string | undefined;
  /** The task failed because this machine could not run it, whatever the task is. */
  readonly isMachineFailure: boolean;
  readonly usage: Usage;
  /** What the task itself wrote to `stats.json`; raw JSON. */
  readonly stats: string | undefined;
  /** Readable log of the processes and how they ended. */
  readonly log: readonly string[];
  /** Files with the end of what the processes wrote, by the names of their logs. */
  readonly outputs: ReadonlyMap<string, string>;
}

/** An attempt that failed before anything ran. */
export const notBegun = (failure: string): Attempt => ({
  failure,
  isMachineFailure: false,
  usage: { seconds: 0 },
  stats: undefined,
  log: [failure],
  outputs: new Map(),
});

/** How much of the end of stderr becomes part of the reason. */
const REASON_CHARACTERS_MAX = 500;
const STATS_BYTES_MAX = 100_000;
const STATS_FILE = 'stats.json';
const COMMAND_CHARACTERS_MAX = 2_000;
/** Exit codes of shells for a program that cannot be run or does not exist. */
const NOT_RUNNABLE: ReadonlySet<number | undefined> = new Set([126, 127]);

const larger = (left: number | undefined, right: number | undefined): number | undefined =>
  left === undefined || right === undefined ? (left ?? right) : Math.max(left, right);

/** Processes run one after the other: times add up, memory peaks count, processor use is an average over time. */
const together = (left: Usage, right: Usage): Usage => {
  const seconds = left.seconds + right.seconds;
  const memoryBytes = larger(left.memoryBytes, right.memoryBytes);
  const busy = (left.cpu ?? 0) * left.seconds + (right.cpu ?? 0) * right.seconds;
  return {
    seconds,
    ...(memoryBytes === undefined ? {} : { memoryBytes, cpu: busy / Math.max(seconds, Number.EPSILON) }),
  };
};

const readStats = async (workspace: Workspace): Promise<string | undefined> => {
  try {
    const text = await workspace.read(STATS_FILE, STATS_BYTES_MAX);
    return text === undefined ? undefined : writeJson(parseJson(text));
  } catch {
    return undefined;
  }
};

const isShared = (transfer: Transfer): transfer is SharedTransfer => transfer.area !== 'permanent';

/** Copies `$1` to `$2` atomically; `$3` is not used by any other copy. */
const COPY = 'mkdir -p "$(dirname "$2")" && { cp "$1" "$2.$3" && mv "$2.$3" "$2" || { rm -f "$2.$3"; exit 1; }; }';

/** The task's own paths come from its config, so its own rights decide what may be copied. */
const copyCommand = ({ direction, remote, local }: Transfer): readonly string[] => {
  const [from, to] = direction === 'input' ? [remote, local] : [local, remote];
  return ['sh', '-c', COPY, 'sh', from, to, `${randomUUID()}.part`];
};

/** This machine cannot run the task. */
class MachineFailure extends Error {
  override readonly name = 'MachineFailure';
}

const isSystemError = (error: unknown): error is NodeJS.ErrnoException =>
  typeof error === 'object' && error !== null && 'syscall' in error;

/** System errors, such as a full disk, are machine failures; errors of the config and missing inputs are not. */
const isMachineError = (error: unknown): boolean => {
  if (error instanceof MachineFailure || isSystemError(error)) return true;
  return error instanceof CannotRun && isSystemError(error.cause) && error.cause.code !== 'ENOENT';
};

/** Throws unless the process succeeded. */
const checkOutcome = ({ name }: Step, { error, code, signal }: Outcome, lastWords: string): void => {
  const words = lastWords === '' ? '' : `: ${lastWords}`;
  if (error !== undefined) throw new MachineFailure(`${name} did not start: ${error}${words}`);
  if (code === 0) return;
  const end = signal === undefined ? `exit code ${String(code)}` : `signal ${signal}`;
  const message = `${name}: ${end}${words}`;
  throw NOT_RUNNABLE.has(code) ? new MachineFailure(message) : new Error(message);
};

/** Copies a task's inputs, runs its processes in its work folder and copies its outputs. */
export const attemptTask = async (input: AttemptInput, workspace: Workspace): Promise<Attempt> => {
  let usage: Usage = { seconds: 0 };
  const lines: string[] = [];
  const log = (line: string): void => void lines.push(`${new Date().toISOString()} ${line}`);
  const stdout = new OutputFile(join(workspace.base, 'stdout'), input.outputBytesMax);
  const stderr = new OutputFile(join(workspace.base, 'stderr'), input.outputBytesMax);

  const run = async (command: readonly string[]): Promise<Outcome> => {
    const { environment, sandbox, end } = input;
    const { folders } = workspace;
    const outcome = await runProcess(command, { folders, sandbox, environment, stdout, stderr, end });
    usage = together(usage, outcome.usage);
    return outcome;
  };

  /** Asks within the sandbox, because tasks may see other files than the pilot. */
  const requireScript = async ({ name, script }: Step): Promise<void> => {
    if (script === undefined) return;
    const { code } = await run(['test', '-r', script]);
    if (code === 1) throw new MachineFailure(`${name} did not start: tasks cannot read ${script}`);
  };

  const runStep = async (step: Step): Promise<void> => {
    for (const { file, content } of step.configs) await workspace.write(file, writeJson(content));
    await requireScript(step);
    log(`runs ${step.name}: ${JSON.stringify(step.command).slice(0, COMMAND_CHARACTERS_MAX)}`);
    const outcome = await run(step.command);
    checkOutcome(step, outcome, stderr.lastWords(REASON_CHARACTERS_MAX));
    log(`${step.name} succeeded after ${outcome.usage.seconds.toFixed(2)} s`);
  };

  const copyPermanent = async (transfer: Transfer): Promise<void> => {
    const { error, code } = await run(copyCommand(transfer));
    if ((error === undefined && code === 0) || transfer.optional) return;
    const reason = error ?? stderr.lastWords(REASON_CHARACTERS_MAX);
    throw new CannotRun(`cannot copy ${transfer.area} file ${transfer.local}: ${reason}`);
  };

  let failure: string | undefined;
  let isMachineFailure = false;
  try {
    await workspace.prepare(input.about);
    const plan = planTask({ ...input, node: process.execPath });
    const inputs = plan.transfers.filter(({ direction }) => direction === 'input');
    for (const transfer of inputs.filter(isShared)) await workspace.fetchInput(transfer);
    await workspace.handOver();
    for (const transfer of inputs) if (!isShared(transfer)) await copyPermanent(transfer);
    for (const step of plan.steps) await runStep(step);
    for (const transfer of plan.transfers) {
      if (transfer.direction === 'output')
        await (isShared(transfer) ? workspace.storeOutput(transfer) : copyPermanent(transfer));
    }
  } catch (error) {
    // Whatever the error, such as a bad config or a full disk, the attempt failed and its reason is reported.
    failure = error instanceof Error ? error.message : String(error);
    isMachineFailure = isMachineError(error);
    log(failure);
  }
  const outputs = new Map<string, string>();
  for (const [name, output] of Object.entries({ stdout, stderr })) {
    output.end();
    await finished(output);
    if (output.failure !== undefined) log(`${name} is not complete: ${output.failure}`);
    if (output.hasFile) outputs.set(name, output.path);
  }
  const stats = failure === undefined ? await readStats(workspace) : undefined;
  return { failure, isMachineFailure, usage, stats, log: lines, outputs };
};
