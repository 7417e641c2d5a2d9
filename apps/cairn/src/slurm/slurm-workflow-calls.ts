import type { JobStatus } from '#contracts/torc/statuses.js';
import { type TorcClient, workflowPath } from '../run/torc-client.js';
import type { Stored, TorcList, TorcStatus } from '../run/torc-documents.js';
import { Refused } from '../worker/http-client.js';
import type { SlurmConfig } from './batch-scheduler.js';

/** A document of an allocation (Torc contract 2.15). Its status goes from `uninitialized` over `pending` and `active` to `complete`. */
export interface ScheduledNode extends Stored {
  readonly scheduler_config_id: string;
  /** The id that the scheduler has given. */
  readonly scheduler_id?: string;
  readonly status: string;
}

/** A demand for allocations that a job has declared in `schedule_compute_nodes` (contract 2.10). */
export interface NodeDemand {
  readonly scheduler_id: string;
  readonly num_jobs: number;
  readonly max_parallel_jobs?: number | null;
  readonly start_one_worker_per_node?: boolean;
}

interface Job {
  readonly internal: { readonly scheduler_config_id: string };
}

/** Statuses of allocations that may not have ended. */
const OPEN_STATUSES = ['uninitialized', 'pending', 'active'];
const PAGE = 1_000;
/** Attempts to write a document that others write too. */
const CHANGES_MAX = 10;

/** Whether the server has nothing at the path that was asked for. */
export const isNotFound = (error: unknown): boolean => error instanceof Refused && error.status === 404;
/** Whether somebody else has written the document in the meantime. */
export const isConflict = (error: unknown): boolean => error instanceof Refused && error.status === 409;

/** What the submission of allocations reads and writes of one workflow. */
export class SlurmWorkflowCalls {
  constructor(
    private readonly client: TorcClient,
    readonly key: string,
  ) {}

  configs(): Promise<readonly SlurmConfig[]> {
    return this.client.list(this.path('/slurm_schedulers'));
  }

  /** Those allocations that may not have ended. */
  async openNodes(): Promise<readonly ScheduledNode[]> {
    // One that moves on between two questions is in both answers.
    const nodes = new Map<string, ScheduledNode>();
    for (const status of OPEN_STATUSES) {
      const found = await this.client.list<ScheduledNode>(this.path(`/scheduled_compute_nodes?status=${status}`));
      for (const node of found) nodes.set(node._key, node);
    }
    return [...nodes.values()];
  }

  node(key: string): Promise<ScheduledNode> {
    return this.client.get(this.nodePath(key));
  }

  addNode(config: SlurmConfig): Promise<ScheduledNode> {
    const node = { scheduler_config_id: config._id, status: 'uninitialized' };
    return this.client.post(this.path('/scheduled_compute_nodes'), node);
  }

  /** Writes a part of the document, whoever else writes it; resolves with false when it is gone. */
  async changeNode(key: string, change: Partial<ScheduledNode>): Promise<boolean> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        await this.putNode({ ...(await this.node(key)), ...change });
        return true;
      } catch (error) {
        if (isNotFound(error)) return false;
        if (!isConflict(error) || attempt === CHANGES_MAX) throw error;
      }
    }
  }

  /** @throws Refused with status 409 when somebody else has written the document */
  putNode(node: ScheduledNode): Promise<ScheduledNode> {
    return this.client.put(this.nodePath(node._key), node);
  }

  async deleteNode({ _key }: ScheduledNode): Promise<void> {
    await this.client.http.send({ method: 'DELETE', path: this.nodePath(_key) });
  }

  /** What jobs have declared and nobody has submitted yet. The server tells it once (contract 5.8). */
  async takeDemands(): Promise<readonly NodeDemand[]> {
    const path = this.path('/prepare_jobs_for_scheduling');
    return (await this.client.post<{ readonly schedulers: readonly NodeDemand[] }>(path)).schedulers;
  }

  /** How many ready jobs a worker may claim: without scheduler those that name none, else also those that name this one. */
  async readyJobs(configId: string): Promise<number> {
    const path = this.path(`/ready_job_requirements?scheduler_config_id=${encodeURIComponent(configId)}`);
    return (await this.client.get<{ readonly num_jobs: number }>(path)).num_jobs;
  }

  countJobs(status: JobStatus): Promise<number> {
    return this.client.count(this.path(`/jobs?status=${status}`));
  }

  countResults(): Promise<number> {
    return this.client.count(this.path('/results'));
  }

  /** Whether a worker with this scheduler could claim one of the jobs of a status. */
  async hasJobFor(configId: string, status: JobStatus): Promise<boolean> {
    for (let skip = 0; ; skip += PAGE) {
      const path = this.path(`/jobs?status=${status}&skip=${skip}&limit=${PAGE}`);
      const { items, has_more: hasMore } = await this.client.get<TorcList<Job>>(path);
      if (items.some(({ internal: { scheduler_config_id: id } }) => id === '' || id === configId)) return true;
      if (!hasMore) return false;
    }
  }

  async isCanceled(): Promise<boolean> {
    return (await this.client.get<TorcStatus>(this.path('/status'))).is_canceled;
  }

  async addEvent(event: object): Promise<void> {
    await this.client.post(this.path('/events'), event);
  }

  private path(rest: string): string {
    return workflowPath(this.key, rest);
  }

  private nodePath(key: string): string {
    return this.path(`/scheduled_compute_nodes/${encodeURIComponent(key)}`);
  }
}

/** Whether `text` names the configuration: by its key, its id or its name. */
export const isNamed = (config: SlurmConfig, text: string): boolean =>
  [config._key, config._id, config.name].includes(text);
