import { command } from '#bus/contract.js';
import type { Principal } from './principal.js';

/** `job/kill` (PanDA contract 4.2.8). */
export interface KillJobsRequest {
  readonly job_ids: readonly number[];
  readonly code: number | null;
  /** `jobSubStatus=<x>` of `kill_options`. */
  readonly sub_status?: string;
  readonly principal: Principal;
  /** What diagnostics name: the caller's raw distinguished name or mail address. */
  readonly by: string;
}

/** One answer per id, in order: whether it was killed. */
export const KillJobs = command<KillJobsRequest, { readonly killed: readonly boolean[] }>('tasks', 'panda.job.kill');

export interface SetJobCommandRequest {
  readonly job_id: number;
  readonly command: string;
}

/** The text of the answer (contract 6.5), which is a failure unless the job was changed. */
export interface CommandReply {
  readonly is_done: boolean;
  readonly message: string;
}

export const SetJobCommand = command<SetJobCommandRequest, CommandReply>('tasks', 'panda.job.set-command');

export interface SetDebugModeRequest {
  readonly job_id: number;
  readonly mode: boolean;
  readonly principal: Principal;
}

export const SetDebugMode = command<SetDebugModeRequest, CommandReply>('tasks', 'panda.job.set-debug-mode');
