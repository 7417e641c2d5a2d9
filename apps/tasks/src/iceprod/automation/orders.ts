import { Injectable } from '@nestjs/common';
import { nowMicros } from '#platform/clock.js';
import { DomainError } from '#platform/domain-error.js';
import type { JobStatus } from '#contracts/iceprod/statuses.js';
import type { TasksPrioritized } from '#contracts/iceprod/task-events.js';
import type { DecidedEvent } from '#event-sourcing/command.js';
import { Mailbox } from '#event-sourcing/mailbox.js';
import { ReadModel } from '#event-sourcing/read-model.js';
import { IceprodUnits } from '../iceprod-units.js';
import { priorityOf } from '../policy.js';
import { ChosenJobs } from '../job/job-decider.js';
import { JobProjection } from '../job/job-projection.js';
import type { Jobs } from '../job/job-rows.js';
import { Chosen, movedTo } from '../task/moves.js';
import { SqliteTaskView } from '../task/sqlite-view.js';
import { automationContext } from './caller.js';
import { type Standing, Standings } from './standing.js';
import { type Found, UnitsFound } from './units-found.js';
import { completionOfJob, STOPPED_BY_JOB, stoppedBy, stopsWith } from './verdict.js';

/** Priorities nearer than this are the same. */
const SAME = 1e-9;

interface JobSteps {
  readonly completes: boolean;
  readonly cleans: boolean;
}

/** What becomes of a job: it moves, or those of its tasks stop that it still has. */
interface Verdict {
  readonly id: string;
  readonly to?: JobStatus;
}

interface Ordering {
  /** May run from now on. */
  readonly queued: readonly Found[];
  /** Priority of the dataset; absent when priorities are left alone. */
  readonly weight: number | undefined;
  /** By how much a waiting task's priority may be off. */
  readonly driftMax: number;
  /** Whether idle tasks that depend on something open have no priority (contract 17, queue tasks). */
  readonly blocks: boolean;
}

/**
 * Orders of automation, through the mailbox like everybody's. What was seen when they were made may have changed since, so
 * each is judged again where it is decided.
 */
@Injectable()
export class Orders {
  private readonly units: UnitsFound;
  private readonly standings: Standings;
  private readonly view: SqliteTaskView;

  constructor(
    private readonly mailbox: Mailbox,
    readModel: ReadModel,
    units: IceprodUnits,
    private readonly jobs: JobProjection,
  ) {
    const { reader } = units.store;
    this.units = new UnitsFound(readModel.writer, reader);
    this.standings = new Standings(readModel.writer, reader);
    this.view = new SqliteTaskView(units.store);
  }

  /** Which of the jobs something has to be done about. */
  judge(
    units: UnitsFound,
    jobs: Jobs,
    standing: Standing,
    ids: readonly string[],
    { completes, cleans }: JobSteps,
  ): readonly Verdict[] {
    const isProcessing = standing.status === 'processing';
    return ids.flatMap((id): Verdict[] => {
      const status = jobs.byId(id)?.status;
      if (status === undefined || status === 'complete') return [];
      const tasks = units.countsOfJob(standing.workload, id);
      if (isProcessing && status === 'processing') {
        const to = completes ? completionOfJob(tasks) : undefined;
        return to === undefined ? [] : [{ id, to }];
      }
      if (!cleans) return [];
      if (isProcessing) return STOPPED_BY_JOB.some((word) => (tasks.get(word) ?? 0) > 0) ? [{ id }] : [];
      return status === 'processing' && stopsWith(standing.status, tasks) ? [{ id, to: 'suspended' }] : [];
    });
  }

  async moveJobs(standing: Standing, verdicts: readonly Verdict[], steps: JobSteps): Promise<void> {
    await this.execute(() => {
      if (!this.isStill(standing)) return [];
      const ids = verdicts.map(({ id }) => id);
      const moved = new Map<JobStatus, ChosenJobs>();
      const stopped = new Chosen(this.view);
      for (const { id, to } of this.judge(this.units, this.jobs.jobs, standing, ids, steps)) {
        const job = this.jobs.jobs.byId(id);
        if (job?.datasetId !== standing.datasetId) continue;
        if (to === undefined) {
          for (const { key, status } of this.units.ofJob(standing.workload, id)) {
            if (STOPPED_BY_JOB.includes(status)) stopped.add(key);
          }
          continue;
        }
        const chosen = moved.get(to) ?? new ChosenJobs();
        chosen.add(job);
        moved.set(to, chosen);
      }
      return [
        ...[...moved].flatMap(([status, chosen]) => chosen.movedTo(status)),
        ...stopped.events('UnitsMoved', movedTo('suspended', ['lease'])),
      ];
    });
  }

  /** Stops tasks of a dataset that has stopped. */
  async stop(standing: Standing, found: readonly Found[]): Promise<void> {
    const statuses = stoppedBy(standing.status);
    await this.execute(() => {
      if (!this.isStill(standing)) return [];
      const chosen = new Chosen(this.view);
      for (const { key } of found) {
        const unit = this.units.byKey(key);
        if (unit?.listing === standing.workload && statuses.includes(unit.status)) chosen.add(key);
      }
      return chosen.events('UnitsMoved', movedTo('suspended', ['lease']));
    });
  }

  /** Sets priorities and lets tasks wait for workers. */
  async order(standing: Standing, found: readonly Found[], ordering: Ordering): Promise<void> {
    const queued = new Set(ordering.queued.map(({ key }) => key));
    const terms = { ...(ordering.weight !== undefined && { weight: ordering.weight }), ...sizeOf(standing) };
    const isOff = (unit: Found): boolean => {
      if (!unit.isFree) return unit.status === 'idle' && ordering.blocks && Math.abs(unit.priority) > SAME;
      if (ordering.weight === undefined || !(unit.status === 'idle' || unit.status === 'waiting')) return false;
      const off = Math.abs(unit.priority - priorityOf(unit, terms));
      return off > (queued.has(unit.key) ? SAME : ordering.driftMax);
    };
    const concerned = found.filter((unit) => queued.has(unit.key) || isOff(unit));
    if (concerned.length === 0) return;
    await this.execute(() => {
      if (!this.isStill(standing)) return [];
      const [free, blocked, waiting] = [new Chosen(this.view), new Chosen(this.view), new Chosen(this.view)];
      for (const { key } of concerned) {
        const unit = this.units.byKey(key);
        if (unit?.listing !== standing.workload) continue;
        if (isOff(unit)) (unit.isFree ? free : blocked).add(key);
        if (queued.has(key) && unit.status === 'idle' && unit.isFree) waiting.add(key);
      }
      return [
        ...free.events('TasksPrioritized', (units): TasksPrioritized => ({ units, ...terms })),
        ...blocked.events('TasksPrioritized', (units): TasksPrioritized => ({ units, ...sizeOf(standing) })),
        ...waiting.events('UnitsMoved', movedTo('waiting')),
      ];
    });
  }

  private isStill({ workload, status }: Standing): boolean {
    return this.standings.of(workload)?.status === status;
  }

  private async execute(decide: () => readonly DecidedEvent[]): Promise<void> {
    const answer = await this.mailbox.execute({
      context: automationContext(),
      timeMicros: nowMicros(),
      decide: () => ({ events: decide(), reply: {} }),
    });
    if ('error' in answer) throw DomainError.from(answer.error);
  }
}

const sizeOf = ({ jobs, tasks }: Standing): Pick<TasksPrioritized, 'jobs' | 'tasks'> => ({ jobs, tasks });
