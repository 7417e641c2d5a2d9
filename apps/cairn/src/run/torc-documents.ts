import type { JobStatus } from '#contracts/torc/statuses.js';

/** What every stored document has (Torc contract 1.5). */
export interface Stored {
  readonly _key: string;
  readonly _id: string;
  readonly _rev: string;
}

/** Torc contract 2.1. */
export interface TorcWorkflow extends Stored {
  readonly name?: string;
  readonly timestamp: string;
  readonly is_archived?: boolean;
}

/** Torc contract 2.2. */
export interface TorcConfig extends Stored {
  readonly workflow_startup_script?: string;
  readonly workflow_completion_script?: string;
  readonly worker_startup_script?: string;
  readonly compute_node_resource_stats?: {
    readonly cpu?: boolean;
    readonly memory?: boolean;
    readonly process?: boolean;
    readonly interval?: number;
  };
  readonly compute_node_expiration_buffer_seconds?: number;
  readonly compute_node_wait_for_new_jobs_seconds?: number;
  readonly compute_node_ignore_workflow_completion?: boolean;
  readonly prepare_jobs_sort_method?: string;
}

/** Torc contract 2.3. */
export interface TorcStatus extends Stored {
  readonly run_id: number;
  readonly is_canceled: boolean;
}

/** Torc contract 2.9. */
export interface TorcFile extends Stored {
  readonly name?: string;
  readonly path: string;
  readonly st_mtime?: number;
}

/** Torc contract 2.10. */
export interface TorcJob extends Stored {
  readonly name?: string;
  readonly command: string;
  readonly invocation_script?: string | null;
  readonly status: JobStatus;
  readonly supports_termination: boolean;
  readonly schedule_compute_nodes?: object | null;
  readonly internal: {
    readonly memory_bytes: number;
    readonly num_cpus: number;
    readonly num_gpus: number;
    readonly num_nodes: number;
    readonly runtime_seconds: number;
    readonly scheduler_config_id: string;
  };
}

/** Torc contract 2.14. */
export interface TorcResult extends Stored {
  readonly job_key: string;
  readonly run_id: number;
  readonly return_code: number;
  readonly status: string;
}

/** Torc contract 2.18. */
export interface TorcEdge extends Stored {
  readonly _from: string;
  readonly _to: string;
}

/** Torc contract 2.5. */
export interface TorcComputeNode extends Stored {
  readonly hostname: string;
  readonly pid: number;
  readonly is_active?: boolean;
}

/** Torc contract 1.6. */
export interface TorcList<Item> {
  readonly items: readonly Item[];
  readonly count: number;
  readonly total_count: number;
  readonly has_more: boolean;
}

/** Torc contract 5.11. */
export interface TorcCompletion {
  readonly is_canceled: boolean;
  readonly is_complete: boolean;
  readonly needs_to_run_completion_script: boolean;
}

/** Torc contract 5.2. */
export interface TorcClaim {
  readonly jobs: readonly TorcJob[];
  readonly reason?: string;
}
