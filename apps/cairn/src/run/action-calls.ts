import { hostname } from 'node:os';
import { Refused } from '../worker/http-client.js';
import { type Signals, type TorcClient, workflowPath } from './torc-client.js';

const NOT_FOUND = 404;

/** An action of a workflow, in the current run. */
export interface Action {
  readonly number: number;
  readonly trigger_type: string;
  readonly action_type: string;
  readonly commands?: readonly string[];
  /** Full id of a Slurm scheduler. */
  readonly scheduler?: string;
  readonly num_allocations?: number;
  readonly max_parallel_jobs?: number;
  readonly start_one_worker_per_node?: boolean;
  readonly state: string;
  /** The worker that had claimed it, and has not told its end. */
  readonly taken_from?: string;
}

/** A Cairn server's own routes for the actions of a workflow. Other Torc servers have none. */
export class ActionCalls {
  private readonly worker = `${hostname()}-${process.pid}`;

  constructor(
    private readonly client: TorcClient,
    private readonly workflow: string,
  ) {}

  /** Actions that somebody is to carry out now. */
  async due(signals?: Signals): Promise<readonly Action[]> {
    try {
      const { items } = await this.client.get<{ readonly items: readonly Action[] }>(this.path(''), signals);
      return items.filter(({ state }) => state === 'due');
    } catch (error) {
      if (error instanceof Refused && error.status === NOT_FOUND) return [];
      throw error;
    }
  }

  /** Takes an action for so long, or takes it for longer; `undefined` when another worker was faster. */
  async claim({ number }: Action, leaseSeconds: number, signals?: Signals): Promise<Action | undefined> {
    try {
      const body = { worker: this.worker, lease_seconds: leaseSeconds };
      return await this.client.post<Action>(this.path(`/${number}/claim`), body, signals);
    } catch (error) {
      if (error instanceof Refused) return undefined;
      throw error;
    }
  }

  /** Tells that a claimed action is carried out. */
  async complete({ number }: Action, successful: boolean): Promise<void> {
    await this.client.post(this.path(`/${number}/complete`), { worker: this.worker, successful });
  }

  private path(rest: string): string {
    return `/cairn/torc${workflowPath(this.workflow, `/actions${rest}`)}`;
  }
}
