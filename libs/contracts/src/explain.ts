import { query } from '#bus/contract.js';

/** Why a workload has its status; checks the read rule. Replies raw JSON. */
export const ExplainWorkload = query<{ workload_id: string }, { document: string }>('datasets', 'workload.explain');

/** The same of a workload that is kept with its units, in `tasks`. */
export const ExplainWork = query<{ workload_id: string }, { document: string }>('tasks', 'work.explain');

/** Why an asynchronous request has its status. Replies raw JSON. */
export const ExplainRequest = query<{ request_id: string }, { document: string }>('datasets', 'requests.explain');

/** The worker that reports that it runs a unit. */
export interface RunningWorker {
  readonly worker_id: string;
  readonly host: string;
  readonly site: string;
  /** UTC, as timestamps of documents. */
  readonly last_heartbeat: string;
  /** The worker counts as lost after so many seconds without a heartbeat. */
  readonly heartbeat_seconds: number;
}

/** Finds the workers that report that they run some units, by id of the unit. Does not check access. */
export const FindWorkers = query<
  { readonly unit_ids: readonly string[] },
  { readonly workers: Readonly<Record<string, RunningWorker>> }
>('pilots', 'workers.find');

/** Finds the worker that reports that it runs a unit. Does not check access: call it after `tasks` has. */
export const FindWorker = query<{ unit_id: string }, { worker?: RunningWorker }>('pilots', 'worker.find');
