import { command } from '#bus/contract.js';
import type { TaskCommandName } from './events.js';
import type { Principal } from './principal.js';

/** What a writing function of module `task` answers: its code, and the text for the user (PanDA contract 4.1.5, 4.1.7). */
export interface TaskReply {
  readonly code: number;
  readonly message: string;
}

/** Words of `task/retry` (contract 4.1.6). */
export type RetryQualifier = 'sole' | 'discard' | 'staged' | 'keep' | 'transcend';

/** Options of commands, as they are kept until the command is carried out. */
export interface CommandOptions {
  readonly qualifiers?: readonly RetryQualifier[];
  /** Of finish and reassign: jobs that a pilot has go on. */
  readonly soft?: true;
  /** Of reassign: all jobs go on. */
  readonly nokill?: true;
  /** Targets of reassign. The empty text means that it is to be chosen again. */
  readonly site?: string;
  readonly cloud?: string;
  readonly nucleus?: string;
}

export interface TaskCommandRequest {
  readonly task_id: number;
  readonly command: TaskCommandName;
  readonly options: CommandOptions;
  readonly principal: Principal;
}

export interface SubmitTaskRequest {
  /** Raw JSON of the parameter document. */
  readonly parameters: string;
  readonly parent_tid: number | null;
  readonly principal: Principal;
  /** `transPath` of a document without one: the wrapper script of this server. */
  readonly default_trans_path: string;
}

/** A retry with other parameters (contract 4.1.6). */
export interface RetryWithParametersRequest {
  readonly task_id: number;
  /** Raw JSON of the parameters that change. */
  readonly new_parameters: string;
  readonly options: CommandOptions;
  readonly principal: Principal;
}

/** Changes of a task that are carried out at once (contract 4.1.8). */
export type TaskChange =
  | { readonly change: 'attribute'; readonly attribute: ChangeableAttribute; readonly value: number }
  | { readonly change: 'modification_time'; readonly hours: number }
  | { readonly change: 'priority'; readonly priority: number }
  | { readonly change: 'split_rule'; readonly tag: string; readonly value: string | null }
  | { readonly change: 'attempts'; readonly increase: number }
  | { readonly change: 'reactivate'; readonly keeps_attempts: boolean };

/** By the names of `task/change_attribute`. */
export const CHANGEABLE_ATTRIBUTES = ['ramCount', 'wallTime', 'cpuTime', 'coreCount'] as const;
export type ChangeableAttribute = (typeof CHANGEABLE_ATTRIBUTES)[number];

/** Tags of the split rules that may be changed, in the order in which a refusal lists them (contract 6.10). */
export const CHANGEABLE_TAGS: readonly string[] = [
  ...['AI', 'TW', 'EC', 'MF', 'NG', 'NI', 'NF', 'ES', 'NJ', 'AV', 'IL', 'LI', 'LC', 'CC', 'OT', 'UZ', 'IM', 'NP'],
];

export type ChangeTaskRequest = { readonly task_id: number } & TaskChange;

export interface ReassignShareRequest {
  readonly task_ids: readonly number[];
  readonly share: string;
  readonly includes_running: boolean;
}

export interface KillTaskJobsRequest {
  readonly task_id: number;
  readonly code: number | null;
  /** Who kills, for diagnostics: the raw distinguished name or an e-mail address. */
  readonly by: string;
  readonly principal: Principal;
}

export const SubmitTask = command<SubmitTaskRequest, TaskReply & { readonly task_id: number | null }>(
  'tasks',
  'panda.task.submit',
);
export const CommandTask = command<TaskCommandRequest, TaskReply>('tasks', 'panda.task.command');
export const RetryTaskWithParameters = command<RetryWithParametersRequest, TaskReply>('tasks', 'panda.task.retry');
/** `code` 2: there is no such task. */
export const ChangeTask = command<ChangeTaskRequest, TaskReply>('tasks', 'panda.task.change');
export const ReassignShare = command<ReassignShareRequest, TaskReply>('tasks', 'panda.task.reassign-share');
/** Whether each job of the task, in order of PandaIDs, was killed. */
export const KillTaskJobs = command<KillTaskJobsRequest, { readonly killed: readonly boolean[] }>(
  'tasks',
  'panda.task.kill-jobs',
);
