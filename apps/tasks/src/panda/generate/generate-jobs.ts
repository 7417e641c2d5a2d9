import type { NewJob } from '#contracts/panda/events.js';
import type { InputTemplate, JobTemplate } from '#contracts/panda/template.js';
import { isFinalJob, JOB_STATUSES } from '#contracts/panda/statuses.js';
import { timeText } from '#contracts/panda/times.js';
import type { DecidedEvent } from '#event-sourcing/command.js';
import { NoQueue } from '../brokerage/broker.js';
import { brokerOf } from '../brokerage/task-broker.js';
import { datasetsMoved } from '../datasets-moved.js';
import { cutRanges, type NewJobset } from '../range/cut-ranges.js';
import { SplitRules } from '../refine/split-rules.js';
import type { StageStep } from '../stage/stage.js';
import { taskMoved, taskStopped } from '../task-moved.js';
import type { Dataset, PandaView, Task, TaskFile } from '../view.js';
import { chunkRules, chunksOf } from './chunks.js';
import { EventServiceJobs } from './event-service.js';
import { JobEvents } from './job-events.js';
import { type Chunk, JobMaker } from './job-maker.js';
import { Libraries, newBuild, settleBuilds } from './libraries.js';
import { Numbers } from './numbers.js';
import { statusWithJobs } from './scouting.js';
import { taskPending } from './pending.js';
import { RandomSeeds } from './random-seeds.js';
import { SecondaryInput } from './secondary-inputs.js';

/** Bounds of one change. */
const JOBS_MAX = 500;
const FILES_MAX = 4_000;
/** The longest command line: an event has room for it. */
const COMMAND_CHARACTERS_MAX = 40_000;
const JOBS_PER_YIELD = 10;
const TOO_FEW_FILES = 'a secondary input has too few files for one job';

export interface GenerationLimits {
  /** Unstarted jobs of a task beyond which no more are made. */
  readonly unstartedJobsMax: number;
  readonly pendingSecondsMax: number;
}

/** Makes jobs of the records that a task may use now (PanDA contract 9.4). Undefined when there are none. */
export function* generateJobs(
  view: PandaView,
  task: Task,
  timeMicros: number,
  limits: GenerationLimits,
): Generator<void, StageStep | undefined, void> {
  const generation = new Generation(view, task, timeMicros, limits);
  return yield* generation.step();
}

class Generation {
  private readonly rules: SplitRules;
  private readonly datasets: readonly Dataset[];

  constructor(
    private readonly view: PandaView,
    private readonly task: Task,
    private readonly timeMicros: number,
    private readonly limits: GenerationLimits,
  ) {
    this.rules = SplitRules.parse(task.attributes.splitRule);
    this.datasets = view.datasets(task);
  }

  *step(): Generator<void, StageStep | undefined, void> {
    const { view, task, rules } = this;
    const libraries = new Libraries(view, this.datasets);
    const settled = rules.has('useBuild') ? yield* settleBuilds(view, task, libraries) : undefined;
    if (settled !== undefined) return { events: settled };
    if (task.status === 'throttled') return undefined;
    const master = this.datasets.find(isOpenMaster);
    if (master === undefined) return this.leavePending();
    const room = this.room(master);
    if (typeof room !== 'number') return room;
    const template = JSON.parse(view.taskText(task, 'template') ?? '{}') as JobTemplate;
    return yield* this.make(master, template, libraries, room);
  }

  /** How many jobs may be made now, or what to do when none may. */
  private room(master: Dataset): number | StageStep | undefined {
    const { view, task, rules, limits } = this;
    const total = rules.number('totNumJobs');
    if (total !== undefined && task.nextOrdinal >= total) return { events: this.limited(master) };
    const together = rules.number('maxNumJobs');
    const active = together === undefined ? 0 : this.countActive();
    if (together !== undefined && active >= together) return undefined;
    const unstarted = unstartedJobs(view, task);
    if (unstarted >= limits.unstartedJobsMax) return this.throttled(unstarted);
    return Math.min(
      ...[JOBS_MAX, limits.unstartedJobsMax - unstarted],
      ...[(total ?? Infinity) - task.nextOrdinal, (together ?? Infinity) - active],
    );
  }

  private *make(
    master: Dataset,
    template: JobTemplate,
    libraries: Libraries,
    room: number,
  ): Generator<void, StageStep | undefined, void> {
    const { view, task, rules, timeMicros } = this;
    const masterTemplate = template.inputs.find(({ dataset_id: id }) => id === master.id) ?? template.inputs[0];
    if (masterTemplate === undefined) return undefined;
    const eventService = EventServiceJobs.of(task, rules);
    const consumers = eventService?.consumers ?? 1;
    const chunks = this.chunks(master, Math.max(1, Math.floor(room / consumers)));
    if (chunks.length === 0) return this.leavePending();
    yield;

    const numbers = new Numbers(view);
    const datasets = new Map(this.datasets.map((dataset) => [dataset.id, dataset]));
    const status = statusWithJobs(task, rules);
    const areScouts = status === 'scouting';
    const maker = new JobMaker(view, {
      ...{ task, template, rules, datasets, master: masterTemplate, areScouts, numbers, timeMicros },
    });
    const broker = brokerOf(view, task, template, libraries.failedSites);
    const jobEvents = new JobEvents(task);
    const events: DecidedEvent[] = [];
    const secondaries = this.secondaries(template, masterTemplate, datasets);
    let [placed, refusal, isShort] = [0, undefined as NoQueue | undefined, false];
    for (const records of chunks) {
      const chunk = chunkOf(records, secondaries);
      if (chunk === undefined) {
        isShort = true;
        break;
      }
      const needs = maker.needsOf(chunk);
      const queues = broker.placeAll(needs, consumers, eventService?.sites ?? 1);
      if (queues instanceof NoQueue) {
        refusal ??= queues;
        continue;
      }
      for (const queue of queues) {
        if (template.build !== undefined && libraries.at(queue.name) === undefined) {
          const generation = view.nextJobDefinition(task.attributes.userName ?? '');
          const build = newBuild({ task, template, numbers, generation, timeMicros }, template.build, queue);
          libraries.add(build.library);
          events.push(build.dataset);
          jobEvents.add(build.alike, [build.job]);
        }
        maker.add(chunk, queue, needs, libraries.at(queue.name));
        placed += 1;
      }
      yield;
    }
    if (placed === 0) {
      if (refusal !== undefined) return taskPending(task, refusal.reason, timeMicros, this.limits.pendingSecondsMax);
      return isShort ? { events: this.usedUp(master) } : undefined;
    }
    const seeds = new RandomSeeds(view, task, template, numbers, placed);
    const jobsets = new Map<Chunk, NewJobset>();
    let made = 0;
    for (const { alike, queue, chunks: alikeChunks } of maker.chunkGroups) {
      const jobs: NewJob[] = [];
      for (const chunk of alikeChunks) {
        const seed = seeds.next();
        const library = template.build === undefined ? undefined : libraries.at(queue.name);
        if (eventService !== undefined && !jobsets.has(chunk)) {
          jobsets.set(chunk, { id: numbers.take('job'), records: chunk.records });
        }
        const job = maker.make(chunk, queue, { seed, library, jobsetId: jobsets.get(chunk)?.id });
        const length = job.set.jobParameters?.length ?? 0;
        if (length > COMMAND_CHARACTERS_MAX) return { events: [tooLong(task, length)] };
        jobs.push(job);
        if ((made += 1) % JOBS_PER_YIELD === 0) yield;
      }
      jobEvents.add(alike, jobs);
      yield;
    }
    events.push(...seeds.events, ...jobEvents.events);
    if (jobsets.size > 0) events.push(...cutRanges(view, task, [...jobsets.values()]));
    return { events: [...events, ...this.moved(status)] };
  }

  /** Groups of records that may be used now. */
  private chunks(master: Dataset, jobsMax: number): readonly (readonly TaskFile[])[] {
    const rules = chunkRules(this.rules);
    // Parts of files are about as large as a job may be; without a rule one of them may take everything that fits.
    const perJob = rules.filesPerJob ?? (rules.eventsPerJob === undefined ? rules.filesMax : 1);
    const allowed = master.nFilesToBeUsed - master.nFilesUsed;
    // One more shows that the group before it is whole.
    const limit = Math.min(allowed, Math.max(FILES_MAX, perJob), jobsMax * perJob + 1);
    const files = this.view.usableFiles(master, limit);
    const chunks = chunksOf(files, rules, files.length < limit || limit === allowed);
    // Records that are smaller than they may be do not fill a group: the task must go on all the same.
    return (chunks.length > 0 ? chunks : chunksOf(files, rules, true)).slice(0, jobsMax);
  }

  private secondaries(
    { inputs }: JobTemplate,
    master: InputTemplate,
    datasets: ReadonlyMap<number, Dataset>,
  ): readonly SecondaryInput[] {
    return inputs.flatMap((template) => {
      const dataset = datasets.get(template.dataset_id);
      const isSecondary = template !== master && (dataset?.masterId ?? null) !== null;
      if (dataset === undefined || !isSecondary || template.type === 'random_seed') return [];
      return [new SecondaryInput(this.view, template, dataset, this.task.nextOrdinal)];
    });
  }

  /** A secondary input has no files for a further job. */
  private usedUp(master: Dataset): readonly DecidedEvent[] {
    return this.task.nextOrdinal > 0 ? this.limited(master) : [taskStopped(this.task, 'tobroken', TOO_FEW_FILES)];
  }

  /** No further files are used. */
  private limited(master: Dataset): readonly DecidedEvent[] {
    return datasetsMoved(this.task, [master], { files_to_be_used: master.nFilesUsed });
  }

  private countActive(): number {
    return JOB_STATUSES.reduce(
      (sum, status) => sum + (isFinalJob(status) ? 0 : this.view.countOfJobs(this.task, status)),
      0,
    );
  }

  private throttled(unstarted: number): StageStep | undefined {
    const { task, timeMicros } = this;
    if (task.status === 'pending') return undefined;
    const { numThrottled } = task.attributes;
    const set = { oldStatus: task.status, throttledTime: timeText(timeMicros), numThrottled: (numThrottled ?? 0) + 1 };
    return { events: [taskMoved(task, 'throttled', { set, reason: `${unstarted} jobs have not been started` })] };
  }

  /** A task is pending but nothing is left to be made: it goes on as before. */
  private leavePending(): StageStep | undefined {
    const { task, rules } = this;
    if (task.status !== 'pending') return undefined;
    return { events: [taskMoved(task, statusWithJobs(task, rules), { set: { oldStatus: null, errorDialog: null } })] };
  }

  private moved(status: 'scouting' | 'running'): readonly DecidedEvent[] {
    const { task, timeMicros } = this;
    if (task.status === status) return [];
    const { startTime } = task.attributes;
    const set = {
      ...(startTime === null && { startTime: timeText(timeMicros) }),
      ...(task.status === 'pending' && { oldStatus: null, errorDialog: null }),
    };
    return [taskMoved(task, status, { set })];
  }
}

const tooLong = (task: Task, length: number): DecidedEvent => {
  const reason = `the command line of a job would have ${length} characters, more than ${COMMAND_CHARACTERS_MAX}`;
  return taskStopped(task, 'tobroken', reason);
};

const isOpenMaster = ({ type, masterId, status, nFilesToBeUsed, nFilesUsed }: Dataset): boolean =>
  (type === 'input' || type === 'pseudo_input') &&
  masterId === null &&
  status !== 'toupdate' &&
  nFilesUsed < nFilesToBeUsed;

/** Jobs of a task that wait for a pilot. */
export const unstartedJobs = (view: Pick<PandaView, 'countOfJobs'>, task: Task): number =>
  (['pending', 'defined', 'assigned', 'activated'] as const).reduce(
    (sum, status) => sum + view.countOfJobs(task, status),
    0,
  );

const chunkOf = (records: readonly TaskFile[], secondaries: readonly SecondaryInput[]): Chunk | undefined => {
  const taken = secondaries.map((secondary) => ({ template: secondary.template, files: secondary.take(records) }));
  const whole = taken.flatMap(({ template, files }) => (files === undefined ? [] : [{ template, files }]));
  return whole.length < taken.length ? undefined : { records, secondaries: whole };
};
