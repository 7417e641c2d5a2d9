import { Injectable } from '@nestjs/common';
import { nowMicros } from '#platform/clock.js';
import { DomainError } from '#platform/domain-error.js';
import type { JobStatus } from '#contracts/iceprod/statuses.js';
import type { TasksPrioritized } from '#contracts/iceprod/task-events.js';
import type { DecidedEvent } from '#event-sourcing/command.js';
import { Mailbox } from '#event-sourcing/mailbox.js';
import { ReadModel } from '#event-sourcing/read-model.js';
import { UnitProjection } from '../../engine/unit-projection.js';
import { priorityOf } from '../policy.js';
import { ChosenJobs } from '../job/job-decider.js';
import { JobProjection } from '../job/job-projection.js';
import type { Jobs } from '../job/job-rows.js';
import { ChosenUnits, movedTo } from '../task/moves.js';
import { SqliteTaskView } from '../task/sqlite-view.js';
import { ICEPROD } from '../streams.js';
import { automationContext } from '../../automation-context.js';
import { type DatasetSnapshot, DatasetSnapshots } from './dataset-snapshot.js';
import { type FoundUnit, UnitFinder } from './unit-finder.js';
import { completionOfJob, STOPPED_BY_JOB, stoppedBy, stopsWith } from './completion.js';

/** Priorities nearer than this are the same. */
const SAME = 1e-9;

interface JobSteps {
  readonly completes: boolean;
  readonly cleans: boolean;
}

/** What is to be done about a job: it gets the status `to`; without one, its remaining tasks stop. */
interface JobChange {
  readonly id: string;
  readonly to?: JobStatus;
}

interface QueueingChange {
  /** Tasks that may wait for workers from now on. */
  readonly queued: readonly FoundUnit[];
  /** Priority of the dataset; absent when priorities are left alone. */
  readonly weight: number | undefined;
  /** By how much a waiting task's priority may be off. */
  readonly driftMax: number;
  /** Whether idle tasks that depend on something open have no priority (contract 17, queue tasks). */
  readonly blocks: boolean;
}

/**
 * Sends automation's commands through the mailbox, as every client does. The state may have changed since the reconciler read
 * it, so each command checks again when it is decided.
 */
@Injectable()
export class CommandSender {
  private readonly units: UnitFinder;
  private readonly snapshots: DatasetSnapshots;
  private readonly view: SqliteTaskView;

  constructor(
    private readonly mailbox: Mailbox,
    readModel: ReadModel,
    units: UnitProjection,
    private readonly jobs: JobProjection,
  ) {
    const { reader } = units.store;
    this.units = new UnitFinder(readModel.writer, reader);
    this.snapshots = new DatasetSnapshots(readModel.writer, reader);
    this.view = new SqliteTaskView(units.store);
  }

  /** Plans what has to be done about some jobs; jobs that need nothing are left out. */
  planJobs(
    units: UnitFinder,
    jobs: Jobs,
    dataset: DatasetSnapshot,
    ids: readonly string[],
    { completes, cleans }: JobSteps,
  ): readonly JobChange[] {
    const isProcessing = dataset.status === 'processing';
    return ids.flatMap((id): JobChange[] => {
      const status = jobs.byId(id)?.status;
      if (status === undefined || status === 'complete') return [];
      const tasks = units.countsOfJob(dataset.workload, id);
      if (isProcessing && status === 'processing') {
        const to = completes ? completionOfJob(tasks) : undefined;
        return to === undefined ? [] : [{ id, to }];
      }
      if (!cleans) return [];
      if (isProcessing) return STOPPED_BY_JOB.some((word) => (tasks.get(word) ?? 0) > 0) ? [{ id }] : [];
      return status === 'processing' && stopsWith(dataset.status, tasks) ? [{ id, to: 'suspended' }] : [];
    });
  }

  async moveJobs(dataset: DatasetSnapshot, planned: readonly JobChange[], steps: JobSteps): Promise<void> {
    await this.execute(() => {
      if (!this.hasStillStatus(dataset)) return [];
      const ids = planned.map(({ id }) => id);
      const moved = new Map<JobStatus, ChosenJobs>();
      const stopped = new ChosenUnits(this.view);
      for (const { id, to } of this.planJobs(this.units, this.jobs.jobs, dataset, ids, steps)) {
        const job = this.jobs.jobs.byId(id);
        if (job?.datasetId !== dataset.datasetId) continue;
        if (to === undefined) {
          for (const { key, status } of this.units.ofJob(dataset.workload, id)) {
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

  /** Suspends tasks of a stopped dataset. */
  async suspendTasks(dataset: DatasetSnapshot, found: readonly FoundUnit[]): Promise<void> {
    const statuses = stoppedBy(dataset.status);
    await this.execute(() => {
      if (!this.hasStillStatus(dataset)) return [];
      const chosen = new ChosenUnits(this.view);
      for (const { key } of found) {
        const unit = this.units.byKey(key);
        if (unit?.listing === dataset.workload && statuses.includes(unit.status)) chosen.add(key);
      }
      return chosen.events('UnitsMoved', movedTo('suspended', ['lease']));
    });
  }

  /** Sets priorities and lets tasks wait for workers. */
  async queueTasks(dataset: DatasetSnapshot, found: readonly FoundUnit[], change: QueueingChange): Promise<void> {
    const queued = new Set(change.queued.map(({ key }) => key));
    const terms = { ...(change.weight !== undefined && { weight: change.weight }), ...sizeOf(dataset) };
    const isOff = (unit: FoundUnit): boolean => {
      if (!unit.isFree) return unit.status === 'idle' && change.blocks && Math.abs(unit.priority) > SAME;
      if (change.weight === undefined || !(unit.status === 'idle' || unit.status === 'waiting')) return false;
      const off = Math.abs(unit.priority - priorityOf(unit, terms));
      return off > (queued.has(unit.key) ? SAME : change.driftMax);
    };
    const concerned = found.filter((unit) => queued.has(unit.key) || isOff(unit));
    if (concerned.length === 0) return;
    await this.execute(() => {
      if (!this.hasStillStatus(dataset)) return [];
      const [free, blocked, waiting] = [
        new ChosenUnits(this.view),
        new ChosenUnits(this.view),
        new ChosenUnits(this.view),
      ];
      for (const { key } of concerned) {
        const unit = this.units.byKey(key);
        if (unit?.listing !== dataset.workload) continue;
        if (isOff(unit)) (unit.isFree ? free : blocked).add(key);
        if (queued.has(key) && unit.status === 'idle' && unit.isFree) waiting.add(key);
      }
      return [
        ...free.events('TasksPrioritized', (units): TasksPrioritized => ({ units, ...terms })),
        ...blocked.events('TasksPrioritized', (units): TasksPrioritized => ({ units, ...sizeOf(dataset) })),
        ...waiting.events('UnitsMoved', movedTo('waiting')),
      ];
    });
  }

  private hasStillStatus({ workload, status }: DatasetSnapshot): boolean {
    return this.snapshots.of(workload)?.status === status;
  }

  private async execute(decide: () => readonly DecidedEvent[]): Promise<void> {
    const answer = await this.mailbox.execute({
      context: automationContext(ICEPROD),
      timeMicros: nowMicros(),
      decide: () => ({ events: decide(), reply: {} }),
    });
    if ('error' in answer) throw DomainError.from(answer.error);
  }
}

const sizeOf = ({ jobs, tasks }: DatasetSnapshot): Pick<TasksPrioritized, 'jobs' | 'tasks'> => ({ jobs, tasks });
