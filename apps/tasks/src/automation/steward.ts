import { Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { setImmediate as breathe } from 'node:timers/promises';
import { nowMicros } from '#platform/clock.js';
import { DomainError } from '#platform/domain-error.js';
import { automates, type AutomationStep, Environment } from '#platform/environment.js';
import { Log } from '#platform/logging.js';
import { Bus } from '#bus/bus.js';
import { MakeRequest } from '#contracts/iceprod/actions.js';
import { ChangeDataset } from '#contracts/iceprod/datasets.js';
import { ReadModel } from '#projection/read-model.js';
import { Jobs } from '../job/job-rows.js';
import { UnitReader } from '../engine/unit-row.js';
import { TaskCounts } from '../task/task-counts.js';
import { type WorkloadId, Workloads } from '../workload/workloads.js';
import { automationContext } from './caller.js';
import type { Marks, MarksByWorkload } from './marks.js';
import { Orders } from './orders.js';
import { AutomationSignals } from './signals.js';
import { type Scale, type Standing, Standings } from './standing.js';
import { type Found, UnitsFound } from './units-found.js';
import { completionOfDataset, stoppedBy } from './verdict.js';

const STEPS = ['priority', 'queue', 'job_completion', 'dataset_completion', 'dataset_cleanup', 'buffer'] as const;

/** Tasks that may wait at a time (contract 17). */
const WAITING_MAX = 250_000;

/** When that many wait, how long until somebody looks again. */
const NO_ROOM_MS = 60_000;

/** Weights drift with time and with what others do: how often they are looked at, and by how much they may be off. */
const REWEIGH_MS = 5 * 60_000;
const DRIFT_MAX = 0.01;

/** A dataset may stand so many settling times without a config: people send it after the dataset. */
const CONFIG_SETTLING_TIMES = 30;

/** How many settling times lie between two requests for a dataset's jobs: one may fail, and each makes many. */
const BUFFER_SETTLING_TIMES = 5;

/** Jobs judged by one command. */
const JOBS_AT_ONCE = 500;

const RETRY_MS_MAX = 60_000;

/** What one round knows; taken once, when first needed. */
interface Round {
  scale?: Scale;
  room?: number;
}

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
  private readonly counts: TaskCounts;
  private readonly weights = new Map<WorkloadId, number>();
  private readonly timers = new Map<WorkloadId, NodeJS.Timeout>();
  /** When jobs of a dataset were asked for last. */
  private readonly buffered = new Map<WorkloadId, number>();
  private readonly delayMs: number;
  private retryMs: number;
  private planned: NodeJS.Timeout | undefined;
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
    this.counts = new TaskCounts(this.reader);
    this.delayMs = environment.CAIRN_AUTOMATION_DELAY * 1000;
    this.retryMs = this.delayMs;
  }

  onApplicationBootstrap(): void {
    if (!STEPS.some((step) => this.does(step))) return;
    this.signals.listen(() => this.plan(this.delayMs));
    // What an earlier process has left undone.
    for (const { workload } of this.standings.open()) this.signals.markAll(workload);
    this.reweighing = setInterval(() => {
      this.isReweighDue = true;
      this.plan(0);
    }, REWEIGH_MS).unref();
  }

  async onModuleDestroy(): Promise<void> {
    this.stopped = true;
    clearTimeout(this.planned);
    clearInterval(this.reweighing);
    for (const timer of this.timers.values()) clearTimeout(timer);
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
        if (!this.signals.isEmpty) this.plan(this.retryMs);
      });
    }, delayMs).unref();
  }

  private async round(): Promise<void> {
    // While nobody writes, everything that was marked is committed.
    const marked = await this.readModel.exclusive(() => Promise.resolve(this.signals.take()));
    const round: Round = {};
    let failed = false;
    for (const [workload, marks] of marked) {
      try {
        await this.tend(workload, marks, round);
      } catch (error) {
        failed = true;
        this.signals.markAll(workload);
        if (!this.stopped) this.log.warn({ error, workload }, 'Automation could not finish, will try again');
      }
    }
    this.retryMs = failed ? Math.min(Math.max(this.retryMs, 100) * 2, RETRY_MS_MAX) : this.delayMs;
    try {
      await this.reweigh(marked, round);
    } catch (error) {
      this.log.warn({ error }, 'Automation could not weigh datasets, will try again');
    }
  }

  private async tend(workload: WorkloadId, marks: Marks, round: Round): Promise<void> {
    const touched = new Set([workload]);
    if (marks.whole) {
      await this.tendWhole(workload, round);
    } else {
      for (const listing of await this.tendMarked(workload, marks, round)) touched.add(listing);
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

  private async tendWhole(workload: WorkloadId, round: Round): Promise<void> {
    const standing = this.standings.of(workload);
    if (standing === undefined || standing.status === 'complete') return;
    // Jobs of a status that nothing changes are passed over.
    for (const slice of this.jobs.slicesOf(standing.datasetId, ['processing', 'suspended', 'errors'])) {
      await this.judgeJobs(
        standing,
        slice.map(({ id }) => id),
      );
    }
    if (standing.status === 'processing') await this.orderAll(standing, round);
  }

  /** @returns the workloads that list what has changed */
  private async tendMarked(workload: WorkloadId, marks: Marks, round: Round): Promise<Iterable<WorkloadId>> {
    const jobs = new Map<WorkloadId, Set<string>>();
    const addJob = (listing: WorkloadId, id: string): void => {
      jobs.set(listing, (jobs.get(listing) ?? new Set()).add(id));
    };
    for (const found of this.units.inRanges(workload, marks.units)) {
      for (const { listing, group } of found) addJob(listing, this.reader.words.group.wordOf(group));
      await breathe();
    }
    for (const [listing, id] of this.jobs.inRanges(workload, marks.groups)) addJob(listing, id);
    for (const [listing, ids] of jobs) {
      const standing = this.standings.of(listing);
      if (standing !== undefined) await this.judgeJobs(standing, [...ids]);
    }
    for (const found of this.units.inRanges(workload, marks.units)) await this.orderListed(found, round);
    for (const found of this.units.dependingOn(workload, marks.units)) await this.orderListed(found, round);
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
      await breathe();
    }
  }

  private async stopTasks(standing: Standing): Promise<void> {
    if (!this.does('dataset_cleanup')) return;
    for (const status of stoppedBy(standing.status)) {
      if (this.standings.count(standing.workload, [status]) === 0) continue;
      for (const found of this.units.ofStatus(standing.workload, status)) {
        await this.orders.stop(standing, found);
        await breathe();
      }
    }
  }

  /** Asks for the jobs that a dataset still lacks. Who asks while that is under way gets the same request. */
  private async buffer({ workload, datasetId, hasConfig, truncated, jobs: submitted }: Standing): Promise<void> {
    if (!this.does('buffer') || !hasConfig || truncated) return;
    const made = this.jobs.counts(datasetId).reduce((sum, [, n]) => sum + n, 0);
    if (made >= submitted) {
      this.buffered.delete(workload);
      return;
    }
    const leftMs = (this.buffered.get(workload) ?? 0) + BUFFER_SETTLING_TIMES * this.delayMs - Date.now();
    if (leftMs > 0) {
      this.lookLater(workload, leftMs);
      return;
    }
    this.buffered.set(workload, Date.now());
    const request = { action: 'materialization', arguments: JSON.stringify({ dataset_id: datasetId }) } as const;
    await this.bus.request(MakeRequest, request, automationContext());
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
    if (!standing.hasConfig) {
      const leftMs = CONFIG_SETTLING_TIMES * this.delayMs - (nowMicros() - standing.sinceMicros) / 1000;
      if (leftMs <= 0) return 'suspended';
      this.lookLater(standing.workload, leftMs);
    }
    return completionOfDataset(standing, new Map(this.jobs.counts(standing.datasetId)));
  }

  private lookLater(workload: WorkloadId, delayMs: number): void {
    if (this.timers.has(workload)) return;
    const timer = setTimeout(() => {
      this.timers.delete(workload);
      this.signals.markAll(workload);
    }, delayMs).unref();
    this.timers.set(workload, timer);
  }

  private async orderListed(found: readonly Found[], round: Round): Promise<void> {
    for (const [listing, units] of Map.groupBy(found, (unit) => unit.listing)) {
      const standing = this.standings.of(listing);
      if (standing?.status === 'processing') await this.order(standing, units, round);
    }
    await breathe();
  }

  private async orderAll(standing: Standing, round: Round): Promise<void> {
    if (!this.does('queue') && !this.does('priority')) return;
    this.weights.set(standing.workload, this.scaleOf(round).weigh(standing));
    const statuses = this.does('priority') ? ['idle', 'waiting'] : ['idle'];
    for (const status of statuses) {
      if (this.standings.count(standing.workload, [status]) === 0) continue;
      for (const found of this.units.ofStatus(standing.workload, status)) {
        await this.order(standing, found, round);
        await breathe();
      }
    }
  }

  /** Gives units of a processing dataset their priorities and lets those wait for workers that may run. */
  private async order(standing: Standing, found: readonly Found[], round: Round): Promise<void> {
    const free = this.does('queue') ? found.filter(({ status, isFree }) => status === 'idle' && isFree) : [];
    const queued = free.length === 0 ? [] : free.slice(0, Math.max(0, this.roomOf(round)));
    // Whom there is no room for stays idle until there is.
    if (queued.length < free.length) this.lookLater(standing.workload, NO_ROOM_MS);
    const weight = this.does('priority') && found.length > 0 ? this.scaleOf(round).weigh(standing) : undefined;
    const queuedNow = await this.orders.order(standing, found, { queued, weight, driftMax: DRIFT_MAX });
    if (queuedNow > 0) round.room = this.roomOf(round) - queuedNow;
  }

  /** Datasets whose weight has changed by what others do, or by time alone. */
  private async reweigh(marked: MarksByWorkload, round: Round): Promise<void> {
    if (!this.does('priority')) return;
    if (!this.isReweighDue && ![...marked.values()].some(({ whole }) => whole)) return;
    this.isReweighDue = false;
    delete round.scale;
    const scale = this.scaleOf(round);
    for (const standing of scale.processing) {
      const before = this.weights.get(standing.workload);
      if (before !== undefined && Math.abs(scale.weigh(standing) - before) <= DRIFT_MAX) continue;
      await this.orderAll(standing, round);
    }
  }

  private scaleOf(round: Round): Scale {
    return (round.scale ??= this.standings.scale(nowMicros()));
  }

  private roomOf(round: Round): number {
    const waiting = this.reader.words.status.find('waiting');
    return (round.room ??= WAITING_MAX - this.counts.total(waiting === undefined ? [] : [waiting]));
  }
}

const isStopped = ({ status }: Standing): boolean => status === 'suspended' || status === 'errors';
