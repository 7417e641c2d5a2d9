import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { planTask } from './plan.js';
import { parseJson, writeJson, type Json } from '#contracts/iceprod/config/json.js';
import { runProcess, tail, type Usage } from './subprocess.js';
import type { Workspace } from './workspace.js';

interface AttemptInput {
  readonly config: Json;
  readonly dataset: Json;
  readonly task: Json;
  /** What the task may read of itself, in `task.json`. */
  readonly about: object;
  readonly sources: string;
  /** Ends the attempt. */
  readonly signal: AbortSignal;
}

/** How one attempt at a task went. */
export interface Attempt {
  /** `undefined` when all went well. */
  readonly failure: string | undefined;
  readonly usage: Usage;
  /** What the task itself wrote to `stats.json`; raw JSON. */
  readonly stats: string | undefined;
}

/** An attempt that failed before anything ran. */
export const notBegun = (failure: string): Attempt => ({ failure, usage: { seconds: 0 }, stats: undefined });

/** Enough of stderr to see what happened. */
const REASON_CHARACTERS_MAX = 500;
const STATS_CHARACTERS_MAX = 100_000;
const STATS_FILE = 'stats.json';

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

const readStats = async (folder: string): Promise<string | undefined> => {
  try {
    const text = await readFile(join(folder, STATS_FILE), 'utf8');
    return text.length > STATS_CHARACTERS_MAX ? undefined : writeJson(parseJson(text));
  } catch {
    return undefined;
  }
};

/** Runs all processes of a task in its work folder, with its files brought and taken away. */
export const attemptTask = async (input: AttemptInput, workspace: Workspace): Promise<Attempt> => {
  let usage: Usage = { seconds: 0 };
  const failed = (failure: string): Attempt => ({ failure, usage, stats: undefined });
  try {
    await workspace.prepare(input.about);
    const plan = planTask({ ...input, node: process.execPath });
    await workspace.fetchInputs(plan.transfers);
    for (const step of plan.steps) {
      for (const { file, content } of step.configs) await writeFile(join(workspace.own, file), writeJson(content));
      const outcome = await runProcess(step.command, {
        folder: workspace.own,
        stdoutFile: join(workspace.own, 'stdout'),
        stderrFile: join(workspace.own, 'stderr'),
        signal: input.signal,
      });
      usage = together(usage, outcome.usage);
      if (outcome.error !== undefined) return failed(`${step.name} did not start: ${outcome.error}`);
      if (outcome.code !== 0) {
        const end = outcome.signal === undefined ? `exit code ${String(outcome.code)}` : `signal ${outcome.signal}`;
        const words = await tail(workspace.own, 'stderr', REASON_CHARACTERS_MAX);
        return failed(`${step.name}: ${end}${words === '' ? '' : `: ${words}`}`);
      }
    }
    await workspace.storeOutputs(plan.transfers);
    return { failure: undefined, usage, stats: await readStats(workspace.own) };
  } catch (error) {
    // A bad config or a full disk: either way this attempt failed and the server should know why.
    return failed(error instanceof Error ? error.message : String(error));
  }
};
