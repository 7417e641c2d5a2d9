import { type Allocation, type BatchScheduler, SchedulerRefused, type SlurmConfig } from './batch-scheduler.js';
import { BadSlurmConfig } from './sbatch-options.js';
import { isConflict, isNotFound, type ScheduledNode, type SlurmWorkflowCalls } from './slurm-workflow-calls.js';
import { workerScript } from './worker-script.js';

/** How workers of allocations are started. */
export interface WorkerSettings {
  readonly cairn: readonly string[];
  readonly serverFile: string;
  /** Where jobs run. */
  readonly workdir: string;
  /** Where allocations write their output. */
  readonly folder: string;
  /** Name of the server, which tells allocations of one name apart. */
  readonly host: string;
}

export interface RequestOptions {
  readonly maxParallelJobs: number | undefined;
  readonly onePerNode: boolean;
  /** Called with the id of each allocation as soon as it exists. */
  readonly onSubmitted?: (id: string) => void;
}

/** A document of an allocation, with what the scheduler says of it. */
export interface OpenNode {
  readonly node: ScheduledNode;
  /** `undefined` when the scheduler does not know it, or has ended it. */
  readonly allocation: Allocation | undefined;
}

/** Version of the client whose calls these are. */
const TORC_VERSION = '0.6.4';

/** The allocations of a workflow: what the server and the scheduler know of them is kept in step. */
export class Allocations {
  constructor(
    private readonly workflow: SlurmWorkflowCalls,
    private readonly scheduler: BatchScheduler,
    private readonly settings: WorkerSettings,
  ) {}

  /**
   * Asks for allocations one by one, as Torc's command line does (contract 7.4), and resolves with their ids.
   *
   * @throws SchedulerRefused, BadSlurmConfig; those before were submitted
   */
  async request(config: SlurmConfig, count: number, options: RequestOptions): Promise<readonly string[]> {
    const ids: string[] = [];
    try {
      while (ids.length < count) ids.push(await this.requestOne(config, options));
    } finally {
      if (ids.length > 0) await this.report(config, ids);
    }
    return ids;
  }

  /** The allocations that the server does not hold for complete. One question to the scheduler answers for all. */
  async open(): Promise<readonly OpenNode[]> {
    const nodes = await this.workflow.openNodes();
    const ids = nodes.flatMap(({ scheduler_id: id }) => id ?? []);
    // A submitter that has ended too early has left no id.
    const allocations = await this.scheduler.find(ids.length === nodes.length ? ids : undefined);
    const byId = new Map(allocations.map((allocation) => [allocation.id, allocation]));
    const byLabel = new Map(allocations.map((allocation) => [allocation.label, allocation]));
    return nodes.map((node) => {
      const { scheduler_id: id } = node;
      return { node, allocation: id === undefined ? byLabel.get(this.labelOf(node)) : byId.get(id) };
    });
  }

  /** Cancels allocations and marks them as complete (contract 7.7); resolves with their ids. */
  async cancel(which: 'queued' | 'all'): Promise<readonly string[]> {
    const open = await this.open();
    const wanted = open.filter(({ allocation }) => which === 'all' || allocation?.isQueued === true);
    const ids = wanted.flatMap(({ allocation }) => (allocation === undefined ? [] : [allocation.id]));
    await this.scheduler.cancel(ids, which);
    // One of the queued may have started at that moment.
    const left = which === 'all' ? [] : await this.scheduler.find(ids);
    const started = new Set(left.map(({ id }) => id));
    const ended = wanted.filter(({ allocation }) => allocation === undefined || !started.has(allocation.id));
    for (const { node, allocation } of ended) {
      if (allocation === undefined && node.scheduler_id === undefined) await this.forget(node);
      else await this.workflow.changeNode(node._key, { status: 'complete' });
    }
    return ended.flatMap(({ allocation }) => allocation?.id ?? []);
  }

  /** Writes what the scheduler has told into the document. Resolves with false when somebody else has written it meanwhile. */
  async update(node: ScheduledNode, change: Partial<ScheduledNode>): Promise<boolean> {
    try {
      await this.workflow.putNode({ ...node, ...change });
      return true;
    } catch (error) {
      if (isConflict(error) || isNotFound(error)) return false;
      throw error;
    }
  }

  /** Removes the document of an allocation that was never submitted. */
  async forget(node: ScheduledNode): Promise<void> {
    try {
      await this.workflow.deleteNode(node);
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
  }

  private async requestOne(config: SlurmConfig, options: RequestOptions): Promise<string> {
    const { maxParallelJobs, onePerNode, onSubmitted } = options;
    const { cairn, serverFile, workdir, folder } = this.settings;
    const node = await this.workflow.addNode(config);
    const launch = { cairn, serverFile, workflow: this.workflow.key, configId: config._id, allocation: node._key };
    const script = workerScript({ ...launch, maxParallelJobs, onePerNode });
    let id: string;
    try {
      id = await this.scheduler.submit({
        config,
        name: nameOf(node),
        label: this.labelOf(node),
        script,
        workdir,
        folder,
      });
    } catch (error) {
      // After a silence the allocation may exist: the document stays until the watch knows.
      if (error instanceof SchedulerRefused || error instanceof BadSlurmConfig) await this.forget(node);
      throw error;
    }
    onSubmitted?.(id);
    // A worker that has started already has written more than this.
    await this.update(node, { scheduler_id: id, status: 'pending' });
    return id;
  }

  private async report(config: SlurmConfig, ids: readonly string[]): Promise<void> {
    const message = `Submitted ${ids.length} allocations of ${config.name ?? config._key}`;
    await this.workflow.addEvent({
      ...{ category: 'scheduler', type: 'submit', num_jobs: ids.length, job_ids: ids },
      ...{ scheduler_config_id: config._id, torc_version: TORC_VERSION, message },
    });
  }

  private labelOf({ _key }: ScheduledNode): string {
    return `cairn ${this.settings.host} ${this.workflow.key}/${_key}`;
  }
}

/** Name of the allocation (contract 7.4). */
const nameOf = ({ _key }: ScheduledNode): string => `worker_${_key}`;
