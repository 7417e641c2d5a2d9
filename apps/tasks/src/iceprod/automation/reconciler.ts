import { Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { nowMicros } from '#platform/clock.js';
import { DomainError } from '#platform/domain-error.js';
import { automates, type AutomationStep, Environment } from '#platform/environment.js';
import { Log } from '#platform/logging.js';
import { nextLoopTurn } from '#platform/loop-turn.js';
import { Bus } from '#bus/bus.js';
import { MakeRequest } from '#contracts/iceprod/actions.js';
import { CONFIG_ARRIVED, NO_CONFIG } from '#contracts/iceprod/dataset-events.js';
import { ChangeDataset } from '#contracts/iceprod/datasets.js';
import { ReadModel } from '#event-sourcing/read-model.js';
import { Jobs } from '../job/job-rows.js';
import { UnitReader } from '../../engine/unit-row.js';
import { Retries } from '../../workload/retries.js';
import { type WorkloadId, Workloads } from '../../workload/workloads.js';
import { automationContext } from '../../automation-context.js';
import { ICEPROD } from '../streams.js';
import { JobBuffer } from './job-buffer.js';
import type { DirtySet, DirtySets } from './dirty-set.js';
import { CommandSender } from './command-sender.js';
import { Queueing } from './queueing.js';
import { ChangeTracker, SETTLING_TICKS } from './change-tracker.js';
import { type DatasetSnapshot, DatasetSnapshots } from './dataset-snapshot.js';
import { UnitFinder } from './unit-finder.js';
import { completionOfDataset, stoppedBy } from './completion.js';
import { Backlog } from './backlog.js';

const STEPS = ['priority', 'queue', 'job_completion', 'dataset_completion', 'dataset_cleanup', 'buffer'] as const;

/** How often weights are compared again: they drift with time and with what others do (contract 17). */
const REWEIGH_MS = 5 * 60_000;

/** How long a dataset may lack a config, in settling times and at least: people send the config after the dataset. */
const CONFIG_SETTLING_TIMES = 30;
const CONFIG_WAIT_MS_MIN = 5_000;

/** How long jobs and tasks must not grow before Cairn makes the missing jobs, in settling times and at least. */
const BUFFER_SETTLING_TIMES = 5;
const BUFFER_REST_MS_MIN = 500;

/** Jobs that one command changes. */
const JOBS_AT_ONCE = 500;

/** Bounds of the time until tasks that could not be ranked are ranked again. */
const RETRY_MS_MIN = 200;
const RETRY_MS_MAX = 60_000;

/**
 * Moves tasks, jobs and datasets forward (IceProd contract 17, 18). The change tracker records what has changed, and after the
 * settling time the reconciler compares it with what it should be. Every step reads the state and sends commands only for
 * what is missing, so that restarts and other programs that do the same do no harm.
 */
@Injectable()
export class Reconciler implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly reader: UnitReader;
  private readonly units: UnitFinder;
  private readonly jobs: Jobs;
  private readonly snapshots: DatasetSnapshots;
  private readonly queueing: Queueing;
  private readonly jobBuffer: JobBuffer;
  /** When a dataset is reconciled again although nothing changes. */
  private readonly timers = new Map<WorkloadId, { readonly timer: NodeJS.Timeout; readonly atMs: number }>();
  private readonly retries: Retries<WorkloadId>;
  private readonly delayMs: number;
  private readonly tickMs: number;
  private retryMs: number;
  private planned: NodeJS.Timeout | undefined;
  private filling: NodeJS.Timeout | undefined;
  private reweighing: NodeJS.Timeout | undefined;
  private isReweighDue = false;
  private running: Promise<void> | undefined;
  private stopped = false;

  constructor(
    private readonly readModel: ReadModel,
    private readonly changes: ChangeTracker,
    private readonly commands: CommandSender,
    private readonly bus: Bus,
    private readonly environment: Environment,
    private readonly log: Log,
  ) {
    const { queries } = readModel;
    this.reader = new UnitReader(queries);
    this.units = new UnitFinder(queries, this.reader);
    this.jobs = new Jobs(queries, new Workloads(queries));
    this.snapshots = new DatasetSnapshots(queries, this.reader);
    const steps = { queues: this.does('queue'), prioritizes: this.does('priority') };
    const backlog = new Backlog(this.reader);
    this.queueing = new Queueing(this.units, this.snapshots, backlog, commands, steps, () => this.pause());
    this.retries = new Retries((workload) => changes.markAgain(workload));
    this.delayMs = environment.CAIRN_AUTOMATION_DELAY * 1000;
    this.jobBuffer = new JobBuffer(Math.max(BUFFER_SETTLING_TIMES * this.delayMs, BUFFER_REST_MS_MIN));
    this.tickMs = this.delayMs / SETTLING_TICKS;
    this.retryMs = this.tickMs;
  }

  onApplicationBootstrap(): void {
    if (!STEPS.some((step) => this.does(step))) return;
    this.changes.listen(() => this.plan(this.tickMs));
    // An earlier process may have left work.
    for (const { workload } of this.snapshots.open()) this.changes.markAll(workload);
    this.reweighing = setInterval(() => {
      this.isReweighDue = true;
      this.plan(this.tickMs);
    }, REWEIGH_MS).unref();
  }

  async onModuleDestroy(): Promise<void> {
    this.stopped = true;
    clearTimeout(this.planned);
    clearTimeout(this.filling);
    clearInterval(this.reweighing);
    this.retries.stop();
    for (const { timer } of this.timers.values()) clearTimeout(timer);
    await this.running;
  }

  private does(step: AutomationStep): boolean {
    return automates(this.environment, step);
  }

  private plan(delayMs: number): void {
    if (this.stopped || this.planned !== undefined || this.running !== undefined) return;
    this.planned = setTimeout(() => {
      this.planned = undefined;
      this.running = this.round().finally(() => {
        this.running = undefined;
        if (!this.changes.isEmpty || this.isReweighDue) this.plan(this.retryMs);
      });
    }, delayMs).unref();
  }

  /** Yields to other work. Throws when the service stops, because nothing of a round is worth waiting for. */
  private async pause(): Promise<void> {
    await nextLoopTurn();
    if (this.stopped) throw new Error('The service is stopping');
  }

  private async round(): Promise<void> {
    // While nobody writes, every tracked change is committed.
    const marked = await this.readModel.exclusive(() => Promise.resolve(this.changes.take()));
    this.queueing.beginRound();
    for (const [workload, dirty] of marked) {
      try {
        await this.reconcile(workload, dirty);
        this.retries.succeeded(workload);
      } catch (error) {
        if (this.stopped) return;
        this.retries.failed(workload);
        this.log.warn({ error, workload }, 'Could not reconcile a workload; will retry');
      }
    }
    try {
      await this.rank(marked);
      this.retryMs = this.tickMs;
    } catch (error) {
      if (this.stopped) return;
      this.retryMs = Math.min(Math.max(2 * this.retryMs, RETRY_MS_MIN), RETRY_MS_MAX);
      for (const { workload } of this.snapshots.open()) this.changes.markAgain(workload);
      this.log.warn({ error }, 'Could not rank tasks; will retry');
    }
  }

  /** Ranks tasks of all datasets among each other. */
  private async rank(marked: DirtySets): Promise<void> {
    if (this.isReweighDue || [...marked.values()].some(({ whole }) => whole)) {
      this.isReweighDue = false;
      await this.queueing.reweigh();
    }
    const leftMs = await this.queueing.finishRound();
    if (leftMs === undefined || this.stopped) return;
    clearTimeout(this.filling);
    this.filling = setTimeout(() => this.plan(this.tickMs), leftMs).unref();
  }

  private async reconcile(workload: WorkloadId, dirty: DirtySet): Promise<void> {
    const touched = new Set([workload]);
    if (dirty.whole) {
      await this.reconcileWhole(workload);
    } else {
      for (const listing of await this.reconcileChanged(workload, dirty)) touched.add(listing);
    }
    for (const listing of touched) {
      const dataset = this.snapshots.of(listing);
      if (dataset === undefined) continue;
      if (isConfiguredLate(dataset)) await this.startDataset(dataset);
      else if (isStopped(dataset)) await this.stopTasks(dataset);
      else if (dataset.status === 'processing') {
        await this.buffer(dataset);
        await this.completeDataset(dataset);
      }
    }
  }

  private async reconcileWhole(workload: WorkloadId): Promise<void> {
    const dataset = this.snapshots.of(workload);
    if (dataset === undefined || dataset.status === 'complete') return;
    // Jobs of a status that nothing changes are passed over.
    for (const slice of this.jobs.slicesOf(dataset.datasetId, ['processing', 'suspended', 'errors'])) {
      await this.reconcileJobs(
        dataset,
        slice.map(({ id }) => id),
      );
    }
    if (dataset.status === 'processing') await this.queueing.queueAll(dataset);
  }

  /** @returns the workloads that list what has changed */
  private async reconcileChanged(workload: WorkloadId, dirty: DirtySet): Promise<Iterable<WorkloadId>> {
    const jobs = new Map<WorkloadId, Set<string>>();
    const addJob = (listing: WorkloadId, id: string): void => {
      jobs.set(listing, (jobs.get(listing) ?? new Set()).add(id));
    };
    for (const found of this.units.inRanges(workload, dirty.units)) {
      for (const { listing, group } of found) addJob(listing, this.reader.words.group.wordOf(group));
      await this.pause();
    }
    for (const found of this.jobs.inRanges(workload, dirty.groups)) {
      for (const { listing, id } of found) addJob(listing, id);
      await this.pause();
    }
    for (const [listing, ids] of jobs) {
      const dataset = this.snapshots.of(listing);
      if (dataset !== undefined) await this.reconcileJobs(dataset, [...ids]);
    }
    if (this.queueing.isOff) return jobs.keys();
    for (const found of this.units.inRanges(workload, dirty.units)) {
      await this.queueing.queue(found);
      await this.pause();
    }
    for (const found of this.units.dependingOn(workload, dirty.units)) {
      await this.queueing.queue(found);
      await this.pause();
    }
    return jobs.keys();
  }

  /** Job completion, and the part of dataset cleanup that goes job by job. */
  private async reconcileJobs(dataset: DatasetSnapshot, ids: readonly string[]): Promise<void> {
    const steps = { completes: this.does('job_completion'), cleans: this.does('dataset_cleanup') };
    if (!steps.completes && !steps.cleans) return;
    for (let from = 0; from < ids.length; from += JOBS_AT_ONCE) {
      const some = ids.slice(from, from + JOBS_AT_ONCE);
      const moved = this.commands.planJobs(this.units, this.jobs, dataset, some, steps);
      if (moved.length > 0) await this.commands.moveJobs(dataset, moved, steps);
      await this.pause();
    }
  }

  private async stopTasks(dataset: DatasetSnapshot): Promise<void> {
    if (!this.does('dataset_cleanup')) return;
    for (const status of stoppedBy(dataset.status)) {
      if (this.snapshots.count(dataset.workload, [status]) === 0) continue;
      for (const found of this.units.ofStatus(dataset.workload, status)) {
        await this.commands.suspendTasks(dataset, found);
        await this.pause();
      }
    }
  }

  /** Requests the jobs that a dataset still lacks. While such a request runs, another one gets the same id. */
  private async buffer({
    workload,
    datasetId,
    truncated,
    jobs,
    sinceMicros,
    configuredMicros,
  }: DatasetSnapshot): Promise<void> {
    if (!this.does('buffer') || configuredMicros === undefined || truncated) return;
    const made = this.jobs.total(datasetId);
    const tasks = this.snapshots.count(workload);
    const state = { jobs: made, tasks, submitted: jobs, sinceMicros, configuredMicros };
    const dueMs = this.jobBuffer.dueInMs(workload, state, Date.now());
    if (dueMs === undefined) return;
    if (dueMs > 0) {
      this.reconcileLater(workload, dueMs);
      return;
    }
    const request = { action: 'materialization', arguments: JSON.stringify({ dataset_id: datasetId }) } as const;
    await this.bus.request(MakeRequest, request, automationContext(ICEPROD));
    this.reconcileLater(workload, this.jobBuffer.waitMs(workload));
  }

  private async completeDataset(dataset: DatasetSnapshot): Promise<void> {
    if (!this.does('dataset_completion') || dataset.alwaysActive) return;
    if (this.lacksConfigTooLong(dataset)) {
      await this.moveDataset(dataset, 'suspended', NO_CONFIG);
      return;
    }
    const status = completionOfDataset(dataset, new Map(this.jobs.counts(dataset.datasetId)));
    if (status !== undefined) await this.moveDataset(dataset, status);
  }

  /** The config of a dataset arrived after automation had suspended it for want of one. */
  private async startDataset(dataset: DatasetSnapshot): Promise<void> {
    if (this.does('dataset_completion')) await this.moveDataset(dataset, 'processing', CONFIG_ARRIVED);
  }

  private async moveDataset({ datasetId }: DatasetSnapshot, status: string, reason?: string): Promise<void> {
    const why = reason === undefined ? {} : { reason };
    const request = { dataset_id: datasetId, change: 'status', status, ...why } as const;
    try {
      await this.bus.request(ChangeDataset, request, automationContext(ICEPROD));
    } catch (error) {
      // Somebody else has moved it meanwhile.
      if (!(error instanceof DomainError && error.kind === 'state')) throw error;
    }
  }

  private lacksConfigTooLong(dataset: DatasetSnapshot): boolean {
    if (dataset.configuredMicros !== undefined) return false;
    const waitMs = Math.max(CONFIG_SETTLING_TIMES * this.delayMs, CONFIG_WAIT_MS_MIN);
    const leftMs = waitMs - (nowMicros() - dataset.sinceMicros) / 1000;
    if (leftMs > 0) this.reconcileLater(dataset.workload, leftMs);
    return leftMs <= 0;
  }

  private reconcileLater(workload: WorkloadId, delayMs: number): void {
    const atMs = Date.now() + delayMs;
    const planned = this.timers.get(workload);
    if (planned !== undefined && planned.atMs <= atMs) return;
    clearTimeout(planned?.timer);
    const timer = setTimeout(() => {
      this.timers.delete(workload);
      this.changes.markItself(workload);
    }, delayMs).unref();
    this.timers.set(workload, { timer, atMs });
  }
}

const isConfiguredLate = ({ status, isSuspendedForConfig, configuredMicros }: DatasetSnapshot): boolean =>
  status === 'suspended' && isSuspendedForConfig && configuredMicros !== undefined;

const isStopped = ({ status }: DatasetSnapshot): boolean => status === 'suspended' || status === 'errors';
