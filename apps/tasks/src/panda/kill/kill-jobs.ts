import type { InputOutcome, JobEnd } from '#contracts/panda/events.js';
import { isFinalJob, JOB_STATUSES, type JobStatus } from '#contracts/panda/statuses.js';
import type { DecidedEvent } from '#event-sourcing/command.js';
import { JobChanges } from '../job-changes.js';
import { hasRanges, releaseRanges } from '../range/settle-ranges.js';
import type { Job, JobState, PandaView, Task } from '../view.js';
import {
  endsAtOnce,
  isRepeat,
  killed,
  type Killed,
  type KillOrder,
  TASK_BUFFER_ERRORS,
  toldToEnd,
} from './kill-effect.js';

/** Jobs read at a time. */
const CHUNK = 200;

/** Statuses of jobs that a kill ends. */
export const ACTIVE: readonly JobStatus[] = JOB_STATUSES.filter((status) => !isFinalJob(status));

/** The changes of one order to kill jobs, whoever gave it: permissions are checked before. */
export class Kill {
  private readonly changes = new JobChanges();
  private readonly ofRanges: DecidedEvent[] = [];
  /** Jobs that this order has changed already. */
  private readonly done = new Set<number>();

  constructor(
    private readonly view: Pick<PandaView, 'jobsOfJobset'>,
    private readonly order: KillOrder,
    private readonly timeMicros: number,
  ) {}

  /** Kills a job. False when there is nothing to kill: it has ended, or it was told to end before. */
  add(job: Job): boolean {
    const { order } = this;
    if (this.done.has(job.pandaId)) return false;
    if (isFinalJob(job.status)) return this.mark(job);
    if (isRepeat(job, order)) return false;
    this.done.add(job.pandaId);
    if (!endsAtOnce(job, order)) {
      this.changes.add(job.home.stream, job.ordinal, 'JobsAmended', { set: toldToEnd(order), kind: 'server' });
      return true;
    }
    const end = killed(order, job.status, () => job.attributes.stateChangeTime, this.timeMicros);
    this.ofRanges.push(...releaseRanges(job));
    this.end(job.home.stream, job.ordinal, end, this.hasSibling(job) ? 'superseded' : 'released');
    return true;
  }

  /** Kills a job that does not run, is not final and has no event ranges. Its attributes need not be read. */
  addQueued(stream: string, { ordinal, status }: JobState): void {
    this.end(
      stream,
      ordinal,
      killed(this.order, status, () => null, this.timeMicros),
    );
  }

  events(): readonly DecidedEvent[] {
    return [...this.changes.events(), ...this.ofRanges];
  }

  /** Code 7: a failed job is marked, because another one was made in its place. */
  private mark(job: Job): boolean {
    if (job.status !== 'failed' || this.order.code !== 7) return false;
    this.done.add(job.pandaId);
    const set = {
      taskBufferErrorCode: TASK_BUFFER_ERRORS.retried,
      taskBufferErrorDiag: `retrying at another site. new ${this.order.by}`,
      commandToPilot: null,
    };
    this.changes.add(job.home.stream, job.ordinal, 'JobsAmended', { set, kind: 'server' });
    return true;
  }

  /** Whether another job goes on with the events of the same inputs. */
  private hasSibling(job: Job): boolean {
    const { jobsetID } = job.attributes;
    if (!hasRanges(job) || jobsetID === null) return false;
    return this.view
      .jobsOfJobset(jobsetID)
      .some(({ pandaId, status }) => !isFinalJob(status) && !this.done.has(pandaId));
  }

  private end(stream: string, ordinal: number, { status, set }: Killed, inputs: InputOutcome = 'released'): void {
    const end: JobEnd = { set, inputs };
    this.changes.add(stream, ordinal, 'UnitsMoved', { status, end, clears: ['lease'] });
  }
}

/** Kills the jobs of a task that are not final: all of them, or those of some statuses. Running jobs may run on (contract 4.2.8). */
export function* killJobsOfTask(
  view: PandaView,
  task: Task,
  order: KillOrder,
  timeMicros: number,
  statuses: readonly JobStatus[] = ACTIVE,
): Generator<void, readonly DecidedEvent[], void> {
  const kill = new Kill(view, order, timeMicros);
  // Of most jobs the status alone decides.
  const isPlain = (task.attributes.eventService ?? 0) === 0 && order.code !== 2 && order.code !== 4;
  let after: number | undefined;
  for (;;) {
    const page = view.jobStates(task, { statuses, limit: CHUNK, ...(after !== undefined && { after }) });
    for (const state of page) {
      if (isPlain && state.status !== 'running') kill.addQueued(task.stream, state);
      else {
        const job = view.jobAt(state.key);
        if (job !== undefined) kill.add(job);
      }
    }
    if (page.length < CHUNK) return kill.events();
    after = page.at(-1)?.pandaId;
    yield;
  }
}
