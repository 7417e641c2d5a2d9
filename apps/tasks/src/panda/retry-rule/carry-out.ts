import type { JobEnd } from '#contracts/panda/events.js';
import type { RetryRule } from '#contracts/panda/retry-rules.js';
import type { DecidedEvent } from '#event-sourcing/command.js';
import { ramNeedsOf } from '../brokerage/requirements.js';
import { filesAmended } from '../change/increase-attempts.js';
import { cpuSecondsOf, sizeOf } from '../generate/sizes.js';
import { isOutput } from '../job/job.js';
import { SplitRules } from '../refine/split-rules.js';
import { taskAmended } from '../task-amended.js';
import type { Job, PandaView, Task, TaskFile } from '../view.js';
import { actingRules } from './acting-rule.js';

/** What a rule does about the end of a job: events behind the one that ends it. */
interface Measure {
  readonly events: readonly DecidedEvent[];
  /** As a part of a sentence; empty when nothing is done. */
  readonly text: string;
}

type View = Pick<PandaView, 'dataset' | 'file' | 'task' | 'retryRules'>;

/** What a job had. */
interface Had {
  /** Of the master input, as far as it has them still: others may have been taken over by another job. */
  readonly records: readonly TaskFile[];
  /** All that its size was told by, files that it shares with other jobs among them. */
  readonly inputs: readonly TaskFile[];
  readonly cpuSeconds: number;
}

export const NO_MEASURE: Measure = { events: [], text: '' };
const FACTOR = 2;
const MEMORY_FACTOR = 1.5;
const MEMORY_STEP_MB = 1000;
/** Whatever factors make of it: numbers must stay numbers. */
const MEMORY_MAX_MB = 2 ** 30;
const SECONDS_MAX = 366 * 24 * 3600;

/** What the rules do about a failed job of a task (PanDA contract 4.2.7), and how the failure tells it. */
export const measureOf = (view: View, job: Job, end: JobEnd): Measure => {
  const task = job.taskId === null ? undefined : view.task(job.taskId);
  const rules = view.retryRules();
  if (task === undefined || rules.length === 0) return NO_MEASURE;
  const { acting, inactive } = actingRules(rules, { ...job.attributes, ...end.set });
  const had = hadBy(view, job, end);
  const [done = NO_MEASURE, ...others] = [acting, inactive].map((rule): Measure => {
    const { events, text } = rule === undefined ? NO_MEASURE : carriedOut(rule, task, had);
    if (rule === undefined || text === '') return NO_MEASURE;
    return { events, text: `${text} by the rule ${rule.name}${rule.active ? '' : ', if it was active'}` };
  });
  const texts = [done, ...others].map(({ text }) => text);
  return { events: done.events, text: texts.filter((text) => text !== '').join('; ') };
};

const hadBy = (view: View, job: Job, end: JobEnd): Had => {
  const owner = end.owner_id ?? job.pandaId;
  const isMaster = ({ datasetId, type }: TaskFile): boolean =>
    type !== 'random_seed' && view.dataset(datasetId)?.masterId === null;
  const taken = job.takes.flatMap((id) => view.file(id) ?? []);
  const read = job.files.filter((file) => !isOutput(file));
  return {
    records: taken.filter((file) => file.pandaId === owner && isMaster(file)),
    inputs: read.flatMap(({ fileID }) => view.file(fileID ?? 0) ?? []).filter(({ type }) => type !== 'lib'),
    cpuSeconds: job.attributes.maxCpuCount ?? 0,
  };
};

const carriedOut = (rule: RetryRule, task: Task, had: Had): Measure => {
  switch (rule.action) {
    case 'no_retry':
      return limited(task, had, 0);
    case 'limit_retry':
      return rule.value === null ? NO_MEASURE : limited(task, had, rule.value);
    case 'increase_memory':
      return withMemory(task, had, MEMORY_FACTOR);
    case 'increase_memory_xtimes':
      return withMemory(task, had, rule.value ?? FACTOR);
    case 'increase_cputime':
      return withTime(task, had, rule.value ?? FACTOR);
    case 'reduce_input_per_job':
      return withLessInput(task, had);
  }
};

/** Files whose job has ended have been tried once more than they say yet. */
const limited = (task: Task, { records }: Had, attempts: number): Measure => {
  const limits = new Map<number, number[]>();
  for (const { id, attemptNr, maxAttempt } of records) {
    const limit = Math.max(attempts, attemptNr + 1);
    if (limit < maxAttempt) limits.set(limit, [...(limits.get(limit) ?? []), id]);
  }
  const events = [...limits].flatMap(([limit, ids]) => filesAmended(task, ids, { max_attempt: limit }));
  const text = attempts === 0 ? 'not tried again' : `tried ${attempts} times at most`;
  return events.length === 0 ? NO_MEASURE : { events, text };
};

const withMemory = (task: Task, { records }: Had, factor: number): Measure => {
  const now = ramNeedsOf(task.attributes, Math.max(0, ...records.map(({ ramCount }) => ramCount)));
  const then = nextMemory(SplitRules.parse(task.attributes.splitRule), now.count, factor);
  const few = records.filter(({ ramCount }) => ramCount < then).map(({ id }) => id);
  if (then <= now.count || few.length === 0) return NO_MEASURE;
  const unit = now.isPerCore ? 'MB per core' : 'MB';
  return { events: filesAmended(task, few, { ram_count: then }), text: `memory raised to ${then} ${unit}` };
};

/** As the task says by its split rules, else by a factor. */
const nextMemory = (rules: SplitRules, now: number, factor: number): number => {
  const max = Math.min(rules.number('retryRamMax') ?? Infinity, MEMORY_MAX_MB);
  const offset = rules.number('retryRamOffset');
  if (offset === undefined) return Math.min(max, Math.ceil((now * factor) / MEMORY_STEP_MB) * MEMORY_STEP_MB);
  if (now < offset) return Math.min(max, offset);
  const step = rules.number('retryRamStep') ?? 0;
  return Math.min(max, step === 0 ? now : offset + (Math.floor((now - offset) / step) + 1) * step);
};

/** Many jobs may fail in the same way: those that were made with less time than the task asks for by now raise it no further. */
const withTime = (task: Task, { inputs, cpuSeconds }: Had, factor: number): Measure => {
  const { cpuTime, walltime } = task.attributes;
  const [asked, then] = [cpuSecondsOf(task.attributes, sizeOf(inputs)), Math.min(cpuSeconds * factor, SECONDS_MAX)];
  if (walltime === null || asked === 0 || then <= asked) return NO_MEASURE;
  const by = then / asked;
  const set = { walltime: Math.ceil(walltime * by), ...(cpuTime !== null && { cpuTime: cpuTime * by }) };
  return { events: [taskAmended(task, set, 'jobs need more time')], text: `time raised to ${then} s` };
};

/** Where the task says itself how many files its jobs have, it stays so. */
const withLessInput = (task: Task, { records }: Had): Measure => {
  const rules = SplitRules.parse(task.attributes.splitRule);
  const fewer = Math.floor(records.length / 2);
  const max = rules.number('nMaxFilesPerJob') ?? Infinity;
  if (rules.has('nFilesPerJob') || fewer < 1 || fewer >= max) return NO_MEASURE;
  const splitRule = rules.with('nMaxFilesPerJob', fewer).toText();
  return {
    events: [taskAmended(task, { splitRule }, 'jobs have too much input')],
    text: `${fewer} files per job at most`,
  };
};
