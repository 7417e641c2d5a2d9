import { microsOfTime } from '#contracts/panda/times.js';
import { ramNeedsOf, ramOf } from '../brokerage/requirements.js';
import type { SplitRules } from '../refine/split-rules.js';
import type { Dataset, Job, PandaView, Task } from '../view.js';

/** What the scouts of a task have shown (PanDA contract 4.1.2). */
export type Verdict = { readonly kind: 'passed' } | { readonly kind: 'failed' | 'exceeded'; readonly reason: string };

/** Early avalanche: so many of so many jobs have succeeded. */
const EARLY_SUCCESSES = 5;
const EARLY_SCOUTS = 10;
/** Scouts whose measurements are looked at. */
const MEASURED_MAX = 20;
const KB_PER_MB = 1024;
const MICROS_PER_SECOND = 1_000_000;
/** `scoutSuccessRate` up to this is in tenths, else in percent. */
const TENTHS_MAX = 10;

/** What `walltimeUnit` is set to when a user asks for all jobs at once: the next assessment ends scouting (contract 4.1.5). */
export const AVALANCHE = 'ava';

type ScoutView = Pick<PandaView, 'countOfJobs' | 'jobStates' | 'job'>;

/**
 * Undefined while it cannot be told yet. Where scouts are all jobs that the task has, there is nothing to be saved from: the task runs to its end,
 * and its final status says what has failed.
 */
export const assess = (
  view: ScoutView,
  task: Task,
  masters: readonly Dataset[],
  rules: SplitRules,
): Verdict | undefined => {
  if (task.attributes.walltimeUnit === AVALANCHE) return PASSED;
  const sum = (of: (dataset: Dataset) => number): number => masters.reduce((total, each) => total + of(each), 0);
  const [finished, failed] = [sum(({ nFilesFinished }) => nFilesFinished), sum(({ nFilesFailed }) => nFilesFailed)];
  const used = sum(({ nFilesToBeUsed }) => nFilesToBeUsed);
  const areAllEnded = used > 0 && used <= finished + failed;
  if (!areAllEnded && !isEarlyAvalanche(view, task)) return undefined;
  const areWholeTask = sum(({ nFiles }) => nFiles) <= used;
  if (areAllEnded && !areWholeTask) {
    if (finished === 0) return { kind: 'failed', reason: 'no scout jobs succeeded' };
    if (finished < used * successRate(rules)) return { kind: 'failed', reason: 'not enough scout jobs succeeded' };
  }
  const excess = rules.has('useExhausted') && !areWholeTask ? excessOf(view, task) : undefined;
  return excess === undefined ? PASSED : { kind: 'exceeded', reason: excess };
};

const PASSED: Verdict = { kind: 'passed' };

const successRate = (rules: SplitRules): number => {
  const rate = rules.number('scoutSuccessRate') ?? 0;
  return rate <= TENTHS_MAX ? rate / TENTHS_MAX : rate / 100;
};

const isEarlyAvalanche = (view: ScoutView, task: Task): boolean => {
  if (view.countOfJobs(task, 'finished', 'run') < EARLY_SUCCESSES) return false;
  return view.jobStates(task, { limit: EARLY_SCOUTS }).length >= EARLY_SCOUTS;
};

/** What finished scouts have used beyond what was asked for. */
const excessOf = (view: ScoutView, task: Task): string | undefined => {
  for (const { pandaId, kind } of view.jobStates(task, { statuses: ['finished'], limit: MEASURED_MAX })) {
    const job = kind === 'run' ? view.job(pandaId) : undefined;
    const excess = job === undefined ? undefined : excessOfJob(task, job);
    if (excess !== undefined) return `scout job ${pandaId} ${excess}`;
  }
  return undefined;
};

const excessOfJob = (task: Task, { attributes }: Job): string | undefined => {
  const { maxPSS, coreCount, maxWalltime, startTime, endTime } = attributes;
  const asked = ramOf(ramNeedsOf(task.attributes, 0), coreCount ?? 1);
  const used = Math.ceil((maxPSS ?? 0) / KB_PER_MB);
  if (used > asked) return `used ${used} MB of memory, more than the ${asked} MB asked for`;
  const [start, end] = [microsOfTime(startTime ?? ''), microsOfTime(endTime ?? '')];
  if (start === undefined || end === undefined || maxWalltime === null || maxWalltime === 0) return undefined;
  const seconds = Math.ceil((end - start) / MICROS_PER_SECOND);
  return seconds > maxWalltime ? `ran ${seconds} s, longer than the ${maxWalltime} s allowed` : undefined;
};
