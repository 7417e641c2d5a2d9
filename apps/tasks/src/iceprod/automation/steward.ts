import { Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { nowMicros } from '#platform/clock.js';
import { DomainError } from '#platform/domain-error.js';
import { automates, type AutomationStep, Environment } from '#platform/environment.js';
import { Log } from '#platform/logging.js';
import { nextLoopTurn } from '#platform/loop-turn.js';
import { Bus } from '#bus/bus.js';
import { MakeRequest } from '#contracts/iceprod/actions.js';
import { ChangeDataset } from '#contracts/iceprod/datasets.js';
import { ReadModel } from '#event-sourcing/read-model.js';
import { Jobs } from '../job/job-rows.js';
import { UnitReader } from '../../engine/unit-row.js';
import { type WorkloadId, Workloads } from '../../workload/workloads.js';
import { automationContext } from './caller.js';
import { JobBuffer } from './job-buffer.js';
import type { Marks, MarksByWorkload } from './marks.js';
import { Orders } from './orders.js';
import { Queueing } from './queueing.js';
import { Retries } from './retries.js';
import { AutomationSignals, SETTLING_TICKS } from './signals.js';
import { type Standing, Standings } from './standing.js';
import { UnitsFound } from './units-found.js';
import { completionOfDataset, stoppedBy } from './verdict.js';
import { WaitingRoom } from './waiting-room.js';

const STEPS = ['priority', 'queue', 'job_completion', 'dataset_completion', 'dataset_cleanup', 'buffer'] as const;

/** How often weights are looked at, which drift with time and with what others do (contract 17). */
const REWEIGH_MS = 5 * 60_000;

/** A dataset may stand so many settling times, or so long, without a config: people send it after the dataset. */
const CONFIG_SETTLING_TIMES = 30;
const CONFIG_WAIT_MS_MIN = 5_000;

/** A dataset whose jobs somebody makes has come to rest after so many settling times, or so long. */
const BUFFER_SETTLING_TIMES = 5;
const BUFFER_REST_MS_MIN = 500;

/** Jobs judged by one command. */
const JOBS_AT_ONCE = 500;

/** Bounds of the time until tasks that could not be ranked are ranked again. */
const RETRY_MS_MIN = 200;
const RETRY_MS_MAX = 60_000;

/**
 * Moves tasks, jobs and datasets on by themselves (IceProd contract 17, 18): what has changed is marked by the projection, and
 * looked at after the settling time. Every step asks what is there and orders only what is missing, so it does no harm
 * that others do the same, or that this service starts again.
 */
@Injectable()
export class Steward implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly reader: UnitReader;
  private readonly units: UnitsFound;
  private readonly jobs: Jobs;
  private readonly standings: Standings;
  private readonly queueing: Queueing;
  private readonly jobBuffer: JobBuffer;
  /** When a dataset is looked at again though nothing changes. */
  private readonly timers = new Map<WorkloadId, { readonly timer: NodeJS.Timeout; readonly atMs: number }>();
  private readonly retries: Retries;
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
    private readonly signals: AutomationSignals,
    private readonly orders: Orders,
    private readonly bus: Bus,
    private readonly environment: Environment,
    private readonly log: Log,
  ) {
    const { queries } = readModel;
    this.reader = new UnitReader(queries);
    this.units = new UnitsFound(queries, this.reader);
    this.jobs = new Jobs(queries, new Workloads(queries));
    this.standings = new Standings(queries, this.reader);
    const steps = { queues: this.does('queue'), prioritizes: this.does('priority') };
    const room = new WaitingRoom(this.reader);
    this.queueing = new Queueing(this.units, this.standings, room, orders, steps, () => this.pause());
    this.retries = new Retries((workload) => signals.markAgain(workload));
    this.delayMs = environment.CAIRN_AUTOMATION_DELAY * 1000;
    this.jobBuffer = new JobBuffer(Math.max(BUFFER_SETTLING_TIMES * this.delayMs, BUFFER_REST_MS_MIN));
    this.tickMs = this.delayMs / SETTLING_TICKS;
    this.retryMs = this.tickMs;
  }

  onApplicationBootstrap(): void {
    if (!STEPS.some((step) => this.does(step))) return;
    this.signals.listen(() => this.plan(this.tickMs));
    // What an earlier process has left undone.
    for (const { workload } of this.standings.open()) this.signals.markAll(workload);
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
        if (!this.signals.isEmpty || this.isReweighDue) this.plan(this.retryMs);
      });
    }, delayMs).unref();
  }

  /** Lets others have their turn. Throws when the service stops: nothing of a round is worth waiting for. */
  private async pause(): Promise<void> {
    await nextLoopTurn();
    if (this.stopped) throw new Error('The service is stopping');
  }

  private async round(): Promise<void> {
    // While nobody writes, everything that was marked is committed.
    const marked = await this.readModel.exclusive(() => Promise.resolve(this.signals.take()));
    this.queueing.beginRound();
    for (const [workload, marks] of marked) {
      try {
        await this.tend(workload, marks);
        this.retries.succeeded(workload);
      } catch (error) {
        if (this.stopped) return;
        this.retries.failed(workload);
        this.log.warn({ error, workload }, 'Automation could not finish, will try again');
      }
    }
    try {
      await this.rank(marked);
      this.retryMs = this.tickMs;
    } catch (error) {
      if (this.stopped) return;
      this.retryMs = Math.min(Math.max(2 * this.retryMs, RETRY_MS_MIN), RETRY_MS_MAX);
      for (const { workload } of this.standings.open()) this.signals.markAgain(workload);
      this.log.warn({ error }, 'Automation could not rank tasks, will try again');
    }
  }

  /** What concerns tasks of all datasets among each other. */
  private async rank(marked: MarksByWorkload): Promise<void> {
    if (this.isReweighDue || [...marked.values()].some(({ whole }) => whole)) {
      this.isReweighDue = false;
      await this.queueing.reweigh();
    }
    const leftMs = await this.queueing.finishRound();
    if (leftMs === undefined || this.stopped) return;
    clearTimeout(this.filling);
    this.filling = setTimeout(() => this.plan(this.tickMs), leftMs).unref();
  }

  private async tend(workload: WorkloadId, marks: Marks): Promise<void> {
    const touched = new Set([workload]);
    if (marks.whole) {
      await this.tendWhole(workload);
    } else {
      for (const listing of await this.tendMarked(workload, marks)) touched.add(listing);
    }
    for (const listing of touched) {
      const standing = this.standings.of(listing);
      if (standing === undefined) continue;
      if (isStopped(standing)) await this.stopTasks(standing);
      else if (standing.status === 'processing') {
        await this.buffer(standing);
        await this.completeDataset(standing);
      }
    }
  }

  private async tendWhole(workload: WorkloadId): Promise<void> {
    const standing = this.standings.of(workload);
    if (standing === undefined || standing.status === 'complete') return;
    // Jobs of a status that nothing changes are passed over.
    for (const slice of this.jobs.slicesOf(standing.datasetId, ['processing', 'suspended', 'errors'])) {
      await this.judgeJobs(
        standing,
        slice.map(({ id }) => id),
      );
    }
    if (standing.status === 'processing') await this.queueing.orderAll(standing);
  }

  /** @returns the workloads that list what has changed */
  private async tendMarked(workload: WorkloadId, marks: Marks): Promise<Iterable<WorkloadId>> {
    const jobs = new Map<WorkloadId, Set<string>>();
    const addJob = (listing: WorkloadId, id: string): void => {
      jobs.set(listing, (jobs.get(listing) ?? new Set()).add(id));
    };
    for (const found of this.units.inRanges(workload, marks.units)) {
      for (const { listing, group } of found) addJob(listing, this.reader.words.group.wordOf(group));
      await this.pause();
    }
    for (const found of this.jobs.inRanges(workload, marks.groups)) {
      for (const { listing, id } of found) addJob(listing, id);
      await this.pause();
    }
    for (const [listing, ids] of jobs) {
      const standing = this.standings.of(listing);
      if (standing !== undefined) await this.judgeJobs(standing, [...ids]);
    }
    if (this.queueing.isOff) return jobs.keys();
    for (const found of this.units.inRanges(workload, marks.units)) {
      await this.queueing.order(found);
      await this.pause();
    }
    for (const found of this.units.dependingOn(workload, marks.units)) {
      await this.queueing.order(found);
      await this.pause();
    }
    return jobs.keys();
  }

  /** Job completion and what of dataset cleanup goes job by job. */
  private async judgeJobs(standing: Standing, ids: readonly string[]): Promise<void> {
    const steps = { completes: this.does('job_completion'), cleans: this.does('dataset_cleanup') };
    if (!steps.completes && !steps.cleans) return;
    for (let from = 0; from < ids.length; from += JOBS_AT_ONCE) {
      const some = ids.slice(from, from + JOBS_AT_ONCE);
      const moved = this.orders.judge(this.units, this.jobs, standing, some, steps);
      if (moved.length > 0) await this.orders.moveJobs(standing, moved, steps);
      await this.pause();
    }
  }

  private async stopTasks(standing: Standing): Promise<void> {
    if (!this.does('dataset_cleanup')) return;
    for (const status of stoppedBy(standing.status)) {
      if (this.standings.count(standing.workload, [status]) === 0) continue;
      for (const found of this.units.ofStatus(standing.workload, status)) {
        await this.orders.stop(standing, found);
        await this.pause();
      }
    }
  }

  /** Asks for the jobs that a dataset still lacks. Who asks while that is under way gets the same request. */
  private async buffer({
    workload,
    datasetId,
    truncated,
    jobs,
    sinceMicros,
    configuredMicros,
  }: Standing): Promise<void> {
    if (!this.does('buffer') || configuredMicros === undefined || truncated) return;
    const made = this.jobs.total(datasetId);
    const tasks = this.standings.count(workload);
    const state = { jobs: made, tasks, submitted: jobs, sinceMicros, configuredMicros };
    const dueMs = this.jobBuffer.dueInMs(workload, state, Date.now());
    if (dueMs === undefined) return;
    if (dueMs > 0) {
      this.lookLater(workload, dueMs);
      return;
    }
    const request = { action: 'materialization', arguments: JSON.stringify({ dataset_id: datasetId }) } as const;
    await this.bus.request(MakeRequest, request, automationContext());
    this.lookLater(workload, this.jobBuffer.waitMs(workload));
  }

  private async completeDataset(standing: Standing): Promise<void> {
    if (!this.does('dataset_completion') || standing.alwaysActive) return;
    const status = this.destinationOf(standing);
    if (status === undefined) return;
    const request = { dataset_id: standing.datasetId, change: 'status', status } as const;
    try {
      await this.bus.request(ChangeDataset, request, automationContext());
    } catch (error) {
      // Somebody else has moved it meanwhile.
      if (!(error instanceof DomainError && error.kind === 'state')) throw error;
    }
  }

  private destinationOf(standing: Standing): string | undefined {
    if (standing.configuredMicros === undefined) {
      const waitMs = Math.max(CONFIG_SETTLING_TIMES * this.delayMs, CONFIG_WAIT_MS_MIN);
      const leftMs = waitMs - (nowMicros() - standing.sinceMicros) / 1000;
      if (leftMs <= 0) return 'suspended';
      this.lookLater(standing.workload, leftMs);
    }
    return completionOfDataset(standing, new Map(this.jobs.counts(standing.datasetId)));
  }

  private lookLater(workload: WorkloadId, delayMs: number): void {
    const atMs = Date.now() + delayMs;
    const planned = this.timers.get(workload);
    if (planned !== undefined && planned.atMs <= atMs) return;
    clearTimeout(planned?.timer);
    const timer = setTimeout(() => {
      this.timers.delete(workload);
      this.signals.markItself(workload);
    }, delayMs).unref();
    this.timers.set(workload, { timer, atMs });
  }
}

const isStopped = ({ status }: Standing): boolean => status === 'suspended' || status === 'errors';
