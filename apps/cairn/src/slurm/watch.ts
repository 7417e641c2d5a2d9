import type { JobStatus } from '#contracts/torc/statuses.js';
import { setTimeout as delay } from 'node:timers/promises';
import type { Action, ActionCalls } from '../run/action-calls.js';
import { Unreachable } from '../worker/http-client.js';
import { type BatchScheduler, SchedulerRefused, SchedulerSilent, type SlurmConfig } from './batch-scheduler.js';
import type { Allocations, OpenNode } from './allocations.js';
import { BadSlurmConfig } from './sbatch-options.js';
import { isNamed, isNotFound, type NodeDemand, type SlurmWorkflowCalls } from './slurm-workflow-calls.js';

interface WatchOptions {
  /** Allocations of one configuration at a time that ready jobs may cause. */
  readonly allocationsMax: number;
  /** The only configuration that is used; `undefined` for all of the workflow. */
  readonly scheduler: string | undefined;
}

/** Work of the workflow, in jobs. */
interface Work {
  readonly isCanceled: boolean;
  /** Claimed or running. */
  readonly running: number;
  readonly ready: number;
  /** Ready, and nodes were requested for them. */
  readonly scheduled: number;
  readonly blocked: number;
  readonly uninitialized: number;
}

/** Allocations in a row that bring nothing about, after which no more are asked for. */
const FRUITLESS_MAX = 3;
const NONE_ASKED: ReadonlyMap<string, number> = new Map();
/** Another watch may take an action from one that has not told for so long that it has submitted what it asks for. */
const ACTION_LEASE_SECONDS = 600;
/** Time after which a document without an allocation is one of a submission that has failed. */
const SUBMISSION_MAX_MS = 10 * 60_000;

/** Whether jobs run or will run. Without them, no blocked one becomes ready. */
const canRun = ({ running, ready, scheduled, uninitialized }: Work): boolean =>
  running + ready + scheduled + uninitialized > 0;

const idsOfQueued = (open: readonly OpenNode[]): readonly string[] =>
  open.flatMap(({ allocation }) => (allocation?.isQueued === true ? [allocation.id] : []));

/** How many allocations an action asks for, without those of a watch that has ended in its midst. */
const missingAllocations = (
  { num_allocations: wanted = 1, taken_from: takenFrom }: Action,
  { _id }: SlurmConfig,
  open: readonly OpenNode[],
): number =>
  takenFrom === undefined ? wanted : wanted - open.filter(({ node }) => node.scheduler_config_id === _id).length;

/** Keeps the allocations of one workflow in step with its jobs. */
export class Watch {
  /** Of each configuration: allocations and submissions in a row after which the workflow had no more results than before. */
  private readonly fruitless = new Map<string, number>();
  private results = 0;
  private ready = 0;
  /** When documents without an allocation were first seen, by key. */
  private readonly unsubmittedSinceMs = new Map<string, number>();
  /** Allocations that had not started at the last pass, and those submitted since. */
  private queued: string[] = [];

  constructor(
    private readonly workflow: SlurmWorkflowCalls,
    private readonly actions: ActionCalls,
    private readonly allocations: Allocations,
    private readonly scheduler: BatchScheduler,
    private readonly options: WatchOptions,
    private readonly note: (line: string) => void,
  ) {}

  /**
   * Passes again and again until nothing is left to do; without a pause, once.
   *
   * @param pauseMs time between passes
   * @throws Refused when the workflow is gone, or the server refuses otherwise
   */
  async run(pauseMs: number | undefined, stopped: AbortSignal): Promise<void> {
    if (pauseMs === undefined) {
      await this.pass();
      return;
    }
    while (!stopped.aborted) {
      if (await this.patientPass()) {
        this.note('no job that can run and no allocation is left');
        return;
      }
      await delay(pauseMs, undefined, { signal: stopped }).catch(() => undefined);
    }
  }

  /** A scheduler or a server that does not answer now may answer later. */
  private async patientPass(): Promise<boolean> {
    try {
      return await this.pass();
    } catch (error) {
      if (isNotFound(error)) await this.scheduler.cancel(this.queued, 'queued');
      const isTemporary =
        error instanceof Unreachable || error instanceof SchedulerSilent || error instanceof SchedulerRefused;
      if (!isTemporary) throw error;
      this.note(error.message);
      return false;
    }
  }

  /** One pass. Resolves with whether there is nothing left to do: no allocation is open, and no job can run any more. */
  async pass(): Promise<boolean> {
    await this.forgiveProgress();
    const open = await this.follow();
    this.queued = [...idsOfQueued(open)];
    const work = await this.work();
    const configs = await this.configs();
    const asked = work.isCanceled ? NONE_ASKED : await this.submitDemands(configs, open);
    for (const [at, config] of configs.entries()) {
      const own = open.filter(({ node }) => node.scheduler_config_id === config._id);
      if (work.isCanceled || !(await this.hasWork(config, work))) await this.dropQueued(config, own);
      // Jobs that name no scheduler are counted for the first one.
      else if ((asked.get(config._id) ?? 0) === 0) await this.submitForReady(config, own, work, at === 0);
    }
    return (work.isCanceled || !canRun(work)) && open.length === 0;
  }

  /** More results, or more ready jobs: what brought nothing before may bring something now. */
  private async forgiveProgress(): Promise<void> {
    const results = await this.workflow.countResults();
    const ready = await this.workflow.countJobs('ready');
    if (results !== this.results || ready > this.ready) this.fruitless.clear();
    this.results = results;
    this.ready = ready;
  }

  /** Updates the documents of allocations that have started to exist or have ended; resolves with those still open. */
  private async follow(): Promise<readonly OpenNode[]> {
    const open: OpenNode[] = [];
    for (const one of await this.allocations.open()) {
      const { node, allocation } = one;
      if (allocation !== undefined) {
        open.push(one);
        // Its submitter has ended before it could write the id.
        if (node.scheduler_id === undefined) {
          await this.allocations.update(node, { scheduler_id: allocation.id, status: 'pending' });
        }
      } else if (node.scheduler_id !== undefined) {
        if (!(await this.allocations.update(node, { status: 'complete' }))) continue;
        this.note(`allocation ${node.scheduler_id} has ended`);
        this.countFruitless(node.scheduler_config_id);
      } else if (!this.isAbandoned(node._key)) {
        open.push(one);
      } else {
        await this.allocations.forget(node);
      }
    }
    return open;
  }

  /** A submission in progress needs a moment until the scheduler knows its allocation. */
  private isAbandoned(key: string): boolean {
    const sinceMs = this.unsubmittedSinceMs.get(key) ?? Date.now();
    this.unsubmittedSinceMs.set(key, sinceMs);
    return Date.now() > sinceMs + SUBMISSION_MAX_MS;
  }

  private async work(): Promise<Work> {
    const count = (status: JobStatus): Promise<number> => this.workflow.countJobs(status);
    return {
      isCanceled: await this.workflow.isCanceled(),
      // Jobs go through these statuses in this order: one that moves meanwhile is counted twice rather than not at all.
      uninitialized: await count('uninitialized'),
      blocked: await count('blocked'),
      ready: await count('ready'),
      scheduled: await count('scheduled'),
      running: (await count('submitted_pending')) + (await count('submitted')),
    };
  }

  private async configs(): Promise<readonly SlurmConfig[]> {
    const { scheduler } = this.options;
    const configs = await this.workflow.configs();
    return scheduler === undefined ? configs : configs.filter((config) => isNamed(config, scheduler));
  }

  /** Submits what jobs and actions have declared; resolves with how many allocations of each configuration. */
  private async submitDemands(
    configs: readonly SlurmConfig[],
    open: readonly OpenNode[],
  ): Promise<ReadonlyMap<string, number>> {
    const asked = new Map<string, number>();
    const submit = async (config: SlurmConfig, count: number, demand: Partial<NodeDemand>): Promise<number> => {
      const submitted = await this.request(config, count, demand);
      asked.set(config._id, (asked.get(config._id) ?? 0) + submitted);
      return submitted;
    };
    for (const demand of await this.workflow.takeDemands()) {
      const { scheduler_id: id, num_jobs: count } = demand;
      const config = configs.find(({ _id }) => _id === id);
      if (config === undefined) this.note(`a job asks for nodes of ${id}, which is not watched`);
      else await submit(config, count, demand);
    }
    for (const due of await this.actions.due()) {
      // Actions that run commands, which may name a scheduler too, and other configurations are left to others.
      if (due.action_type !== 'schedule_nodes') continue;
      const config = configs.find(({ _id }) => _id === due.scheduler);
      const action = config && (await this.actions.claim(due, ACTION_LEASE_SECONDS));
      if (config === undefined || action === undefined) continue;
      const count = missingAllocations(action, config, open);
      const isDone = count <= 0 || (await submit(config, count, action)) > 0;
      await this.actions.complete(action, isDone);
      this.note(`action ${action.number} (${action.trigger_type}) ${isDone ? 'is done' : 'has failed'}`);
    }
    return asked;
  }

  /** Whether a worker of this configuration has something to do, now or when other jobs have ended. */
  private async hasWork({ _id }: SlurmConfig, work: Work): Promise<boolean> {
    // Somebody is about to initialize them.
    if (work.uninitialized > 0) return true;
    if (work.ready > 0 && (await this.workflow.readyJobs(_id)) > 0) return true;
    if (work.scheduled > 0 && (await this.workflow.hasJobFor(_id, 'scheduled'))) return true;
    return canRun(work) && work.blocked > 0 && (await this.workflow.hasJobFor(_id, 'blocked'));
  }

  /** Ends what is queued and no longer wanted. One that starts at this moment ends by itself, as it finds nothing to do. */
  private async dropQueued(config: SlurmConfig, open: readonly OpenNode[]): Promise<void> {
    const ids = idsOfQueued(open);
    if (ids.length === 0) return;
    this.note(`no work is left for ${config.name ?? config._key}: drops the queued ${ids.join(', ')}`);
    await this.scheduler.cancel(ids, 'queued');
  }

  private async submitForReady(
    config: SlurmConfig,
    open: readonly OpenNode[],
    work: Work,
    takesOthers: boolean,
  ): Promise<void> {
    const ready = await this.workflow.readyJobs(config._id);
    const named = takesOthers ? ready : ready - (await this.workflow.readyJobs(''));
    // Their allocations were asked for, unless the answer with the demand was lost.
    const scheduled = work.scheduled > 0 && (await this.workflow.hasJobFor(config._id, 'scheduled')) ? 1 : 0;
    const started = open.filter(({ allocation }) => allocation?.isQueued === false).length;
    const queued = open.length - started;
    const missing = Math.min(named + scheduled, this.options.allocationsMax - started) - queued;
    if (missing > 0) await this.request(config, missing, {});
  }

  /** Resolves with how many allocations were submitted. */
  private async request(config: SlurmConfig, count: number, demand: Partial<NodeDemand>): Promise<number> {
    if ((this.fruitless.get(config._id) ?? 0) >= FRUITLESS_MAX) return 0;
    const { max_parallel_jobs: maxParallelJobs, start_one_worker_per_node: onePerNode = false } = demand;
    const onSubmitted = (id: string): void => void this.queued.push(id);
    const options = { maxParallelJobs: maxParallelJobs ?? undefined, onePerNode, onSubmitted };
    try {
      const ids = await this.allocations.request(config, count, options);
      this.note(`submitted ${ids.join(', ')} for ${config.name ?? config._key}`);
      return ids.length;
    } catch (error) {
      if (!(error instanceof SchedulerRefused || error instanceof BadSlurmConfig)) throw error;
      this.note(error.message);
      this.countFruitless(config._id);
      return 0;
    }
  }

  private countFruitless(configId: string): void {
    const count = (this.fruitless.get(configId) ?? 0) + 1;
    this.fruitless.set(configId, count);
    if (count !== FRUITLESS_MAX) return;
    this.note(`${count} allocations of ${configId} in a row brought no result: asks for no more until there is one`);
  }
}
