import type { InputOutcome, JobEnd, TaskCommandName } from '#contracts/panda/events.js';
import type { JobAttributes } from '#contracts/panda/job-attributes.js';
import type { Queue } from '#contracts/panda/queues.js';
import type { JobStatus } from '#contracts/panda/statuses.js';
import type { CommandOptions, TaskReply } from '#contracts/panda/task-commands.js';
import type { DecidedEvent } from '#event-sourcing/command.js';
import { DomainError } from '#platform/domain-error.js';
import { commandStage } from '../command/command-stage.js';
import { registerCommand } from '../command/register-command.js';
import { feedStage } from '../feed/feed-stage.js';
import type { GenerationLimits } from '../generate/generate-jobs.js';
import { generateStage } from '../generate/generate-stage.js';
import { progressStage } from '../progress/progress-stage.js';
import { refineStage } from '../refine/refine-stage.js';
import { scoutStage } from '../scout/scout-stage.js';
import { throttleStage } from '../scout/throttle-stage.js';
import { type Look, look } from '../stage/look.js';
import type { Stage } from '../stage/stage.js';
import { workStream } from '../streams.js';
import { textEvents } from '../text-events.js';
import type { Dataset, Job, Task, TaskFile } from '../view.js';
import { decided } from './decided.js';
import { somePrincipal } from './principal.js';
import { someQueue } from './queue.js';
import { inTables } from './table-store.js';

export const TASK_ID = 10_000_123;
const MICROS_PER_SECOND = 1_000_000;
const START_MICROS = Date.UTC(2026, 0, 1) * 1000;
const TURNS_MAX = 5_000;

/** A document of a task that prun submits without input (PanDA contract 11.1). */
export const PRUN: Readonly<Record<string, unknown>> = {
  ...{ taskName: 'user.demo.t1/', vo: 'wlcg', architecture: null, transUses: '', transHome: null },
  ...{ processingType: 'panda-client-1.6-jedi-run', prodSourceLabel: 'user', taskType: 'anal', taskPriority: 1000 },
  ...{ userName: 'Demo User', sourceURL: 'https://host:25443', noInput: true, nEvents: 3, nEventsPerJob: 1 },
  log: {
    ...{ dataset: 'user.demo.t1.log/', container: 'user.demo.t1.log/', type: 'template', param_type: 'log' },
    value: 'user.demo.t1.log.$JEDITASKID.${SN}.log.tgz',
  },
  jobParameters: [
    { type: 'constant', value: '-j "" --sourceURL ${SURL}' },
    { type: 'constant', value: '-r .' },
    { type: 'constant', value: '__delimiter__', hidden: true },
    {
      ...{ type: 'template', param_type: 'output', value: 'user.demo.$JEDITASKID._${SN/P}.out.txt', hidden: true },
      ...{ dataset: 'user.demo.t1_out.txt/', container: 'user.demo.t1_out.txt/' },
    },
    { type: 'constant', value: `-o "{'out.txt': 'user.demo.$JEDITASKID._\${SN/P}.out.txt'}"` },
    { type: 'constant', value: '-p "', padding: false },
    { type: 'constant', value: 'echo%20hello', padding: false },
    { type: 'constant', value: '"' },
  ],
};

/** A document of a task with files in its own list. */
export const withFiles = (count: number, fields: Readonly<Record<string, unknown>> = {}): typeof PRUN => ({
  ...PRUN,
  ...{ noInput: undefined, nEvents: undefined, nEventsPerJob: undefined, skipScout: true },
  jobParameters: [
    {
      ...{ type: 'template', param_type: 'input', value: '-i ${IN}', dataset: 'user.demo.data' },
      files: Array.from({ length: count }, (_, at) => ({
        ...{ lfn: `data.${String(at + 1).padStart(4, '0')}.root`, scope: 'user.demo', fsize: 1024 },
        ...{ guid: `G-${at + 1}`, checksum: 'ad:0a1b2c3d' },
      })),
    },
    { type: 'template', param_type: 'output', value: '--out=out.${SN}.root', dataset: 'user.demo.out' },
  ],
  ...fields,
});

const LIMITS: GenerationLimits = { unstartedJobsMax: 200_000, pendingSecondsMax: 3600 };

/** A task in tables, whose stages run as they do in the service. */
export class TaskRun {
  readonly store = inTables();
  readonly view = this.store.view;
  timeMicros = START_MICROS;
  /** All events that stages have decided. */
  readonly decided: DecidedEvent[] = [];
  /** The longest time that a stage has kept the thread, in milliseconds. */
  longestMs = 0;
  private readonly stages: readonly Stage[];

  constructor(
    document: Readonly<Record<string, unknown>> = PRUN,
    queues: readonly Queue[] = [someQueue()],
    limits: Partial<GenerationLimits> = {},
  ) {
    const all = { ...LIMITS, ...limits };
    this.stages = [
      ...[commandStage, refineStage, feedStage, scoutStage, throttleStage(all.unstartedJobsMax), progressStage],
      generateStage(all),
    ];
    this.configure(...queues);
    this.submit(TASK_ID, document);
    this.settle();
  }

  /** Submits a further task. @returns what shows it */
  another(id: number, document: Readonly<Record<string, unknown>>): () => Task {
    this.submit(id, document);
    this.settle(id);
    return () => this.taskOf(id);
  }

  configure(...queues: readonly Queue[]): void {
    for (const queue of queues) {
      this.apply({ stream: `site-panda.main.${queue.name}`, type: 'QueueConfigured', data: { queue } });
    }
  }

  apply(...events: readonly DecidedEvent[]): void {
    this.store.apply(events, this.timeMicros);
  }

  /** Runs the stages until none has anything to do. */
  settle(id = TASK_ID): this {
    let begun: string | undefined;
    for (let turn = 0; turn < TURNS_MAX; turn += 1) {
      const { events, reply } = this.drive(id, begun);
      if (events.length === 0) return this;
      this.decided.push(...events);
      this.apply(...events);
      begun = reply.begun;
    }
    throw new Error('The stages find no end');
  }

  wait(seconds: number): this {
    this.timeMicros += seconds * MICROS_PER_SECOND;
    return this.settle();
  }

  get task(): Task {
    return this.taskOf(TASK_ID);
  }

  get status(): string {
    return this.task.status;
  }

  get dialog(): string | null {
    return this.task.attributes.errorDialog;
  }

  /** Jobs in order of their ids, of these statuses if they are given. */
  jobs(...statuses: readonly JobStatus[]): readonly Job[] {
    const found = this.view.jobStates(this.task, statuses.length === 0 ? {} : { statuses });
    return found.flatMap(({ pandaId }) => this.view.job(pandaId) ?? []);
  }

  datasets(type: Dataset['type']): readonly Dataset[] {
    return this.view.datasets(this.task).filter((dataset) => dataset.type === type);
  }

  files(type: Dataset['type']): readonly TaskFile[] {
    return this.datasets(type).flatMap(({ id }) => this.view.filesOf(id, 0, 100_000));
  }

  finish(jobs: readonly Job[], set: JobAttributes = {}): this {
    return this.end(jobs, 'finished', { set, inputs: 'finished' });
  }

  fail(jobs: readonly Job[], inputs: InputOutcome = 'failed'): this {
    return this.end(jobs, 'failed', { set: {}, inputs });
  }

  /** Registers a command and lets the stages carry it out. @returns the code and the text of the answer */
  command(command: TaskCommandName, options: CommandOptions = {}, principal = somePrincipal()): TaskReply {
    const { events, reply } = decided(registerCommand(this.view, { task_id: TASK_ID, command, options, principal }));
    this.apply(...events);
    this.settle();
    return reply;
  }

  private submit(id: number, document: Readonly<Record<string, unknown>>): void {
    const stream = workStream(String(id));
    const { taskName, vo, prodSourceLabel, taskType, userName, taskPriority, parent_tid } = document;
    const named = { jediTaskID: id, taskName, vo, prodSourceLabel, taskType, userName, parent_tid };
    const set = { ...named, taskPriority, currentPriority: taskPriority, transPath: 'https://host/trf/user/runGen' };
    this.apply(
      { stream, type: 'TaskSubmitted', data: { workload_id: String(id), task_id: id, set } },
      ...textEvents(stream, 'parameters', JSON.stringify(document)),
    );
  }

  private taskOf(id: number): Task {
    const task = this.view.task(id);
    if (task === undefined) throw new Error(`There is no task ${id}`);
    return task;
  }

  private end(jobs: readonly Job[], status: 'finished' | 'failed', end: JobEnd): this {
    const type = status === 'finished' ? 'UnitSucceeded' : 'UnitFailed';
    for (const { ordinal } of jobs) {
      const units = [[ordinal, ordinal]];
      this.apply({ stream: this.task.stream, type, data: { units, status, end } });
    }
    return this.settle();
  }

  private drive(
    id: number,
    begun: string | undefined,
  ): { readonly events: readonly DecidedEvent[]; readonly reply: Look } {
    const work = look(this.view, this.stages, id, this.timeMicros, begun);
    for (;;) {
      const startedMs = performance.now();
      const step = work.next();
      this.longestMs = Math.max(this.longestMs, performance.now() - startedMs);
      if (step.done !== true) continue;
      if (step.value instanceof DomainError) throw step.value;
      const { events, reply } = step.value;
      if (typeof reply === 'function') throw new Error('The reply depends on the appends');
      return { events, reply };
    }
  }
}
