import { command, type Nothing, type Page, query } from '#bus/contract.js';
import type { BulkAction } from './jobs.js';
import type { ListOptions, ListPage, SortField } from '../lists.js';

/** Validated body of `POST /tasks`; `requirements` is raw JSON of an object. */
export interface AddTaskRequest {
  readonly dataset_id: string;
  readonly job_id: string;
  readonly task_index: number;
  readonly job_index: number;
  readonly name: string;
  readonly depends: readonly string[];
  readonly requirements: string;
  readonly status?: string;
  readonly priority?: number;
  readonly instance_id?: string;
}

/** A task of each of many jobs. `depends` are positions of earlier tasks of the same job. */
export interface TaskTemplate {
  readonly name: string;
  readonly depends: readonly number[];
  readonly requirements: string;
  readonly status?: string;
  readonly priority?: number;
}

/** Bulk creation: `count` jobs from `first_job_index` on, each with one task per entry of `tasks`. */
export interface AddTasksRequest {
  readonly dataset_id: string;
  readonly first_job_index: number;
  readonly count: number;
  /**
   * Adds the job only if the dataset has fewer jobs than this and none with the index, because others may add jobs at the same
   * time. Otherwise refused (kind `state`). For one job at a time.
   */
  readonly jobs_max?: number;
  readonly tasks: readonly TaskTemplate[];
}

/** Bulk creation for jobs that are there: each gets one task per entry of `tasks`. */
export interface AddTasksToJobsRequest {
  readonly dataset_id: string;
  readonly jobs: readonly string[];
  readonly tasks: readonly TaskTemplate[];
}

export interface QueryTasksRequest {
  readonly statuses?: readonly string[];
  /** An exact prefix. */
  readonly site?: string;
  readonly keys?: readonly string[];
  readonly sort?: readonly SortField[];
  readonly limit?: number;
  readonly cursor?: string;
}

export interface ListTasksRequest extends ListOptions {
  readonly dataset_id: string;
  readonly statuses?: readonly string[];
  readonly names?: readonly string[];
  readonly job_id?: string;
  readonly job_index?: number;
  readonly grid_id?: string;
  readonly keys?: readonly string[];
}

/** What a caller offers and asks (contract 7.6); both are raw JSON of objects. */
export interface ClaimTasksRequest {
  /** `queue` and `queue_many` take waiting tasks, `process` takes queued ones without an instance. */
  readonly mode: 'queue' | 'queue_many' | 'process';
  readonly num: number;
  readonly requirements: string;
  readonly query_params: string;
  /** Datasets whose tasks are taken last, the first of the list at the very end. */
  readonly dataset_deprio: readonly string[];
  /** A pilot that names itself gets no task that has just failed, and nothing while its own runs fail. */
  readonly pilot_id?: string;
}

/** The reports of contract 7.6: processing, reset, failed, complete. */
export interface ReportTaskRequest {
  readonly task_id: string;
  readonly report: 'processing' | 'reset' | 'failed' | 'complete';
  readonly instance_id?: string;
  /** Seconds. */
  readonly time_used?: number;
  /** Raw JSON of an object: measured usage, `time` in hours. */
  readonly resources?: string;
  readonly site?: string;
  readonly reason?: string;
  /** The pilot that ran it. Failures of a pilot that names itself delay the task, and finally pause the pilot. */
  readonly pilot_id?: string;
}

/** `jobs` wins over `tasks`; neither means the whole dataset; an empty list means no task. */
export interface TaskSelection {
  readonly dataset_id: string;
  readonly jobs?: readonly string[];
  readonly tasks?: readonly string[];
}

export interface CountTasksRequest {
  readonly dataset_id?: string;
  readonly statuses?: readonly string[];
  readonly gpu?: boolean;
}

export const AddTask = command<AddTaskRequest, { task_id: string }>('tasks', 'task.add', [], {
  calledBy: ['datasets'],
});
export const AddTasks = command<AddTasksRequest, { jobs: number; tasks: number }>('tasks', 'tasks.add', [], {
  calledBy: ['datasets'],
});
export const AddTasksToJobs = command<AddTasksToJobsRequest, { tasks: number }>('tasks', 'tasks.add-to-jobs');
/** With `dataset_id` the task must belong to it and the read rule is checked. Replies raw JSON. */
export const GetTask = query<{ task_id: string; dataset_id?: string; keys?: readonly string[] }, { document: string }>(
  'tasks',
  'task.get',
  { calledBy: ['datasets'] },
);
export const AmendTask = command<{ task_id: string; fields: string }, { document: string }>('tasks', 'task.amend');
/** With `dataset_id`: the write rule is checked and the instance is cleared; without: `instance_id` guards (contract 7.3). */
export const SetTaskStatus = command<
  { task_id: string; dataset_id?: string; status: string; instance_id?: string },
  Nothing
>('tasks', 'task.status');
/** Entries are raw JSON documents. */
export const QueryTasks = query<QueryTasksRequest, Page>('tasks', 'tasks.query');
/** Entries are `"<task_id>":{...}` texts in creation order. */
export const ListTasks = query<ListTasksRequest, ListPage>('tasks', 'tasks.list', { calledBy: ['datasets'] });
/** As `SummarizeJobs`. */
export const SummarizeTasks = query<{ dataset_id: string; cursor?: string }, Page>('tasks', 'tasks.summarize');
export const CountTasks = query<CountTasksRequest, { document: string }>('tasks', 'tasks.count', {
  calledBy: ['datasets'],
});
export const CountTasksByName = query<{ dataset_id: string }, { document: string }>('tasks', 'tasks.count-by-name');
/** `GET /datasets/{id}/task_stats` (contract 7.5). */
export const TaskStatistics = query<{ dataset_id: string }, { document: string }>('tasks', 'tasks.statistics');

/** `POST /task_actions/waiting`: idle ones become waiting. */
export const PromoteTasks = command<{ task_ids: readonly string[] }, { waiting: number }>('tasks', 'tasks.promote');
/** Documents are raw JSON, post-images; refused with `task.not-found` when nothing fits. */
export const ClaimTasks = command<ClaimTasksRequest, { documents: readonly string[] }>('tasks', 'tasks.claim');
/** The legacy form of `POST /task_actions/queue`. */
export const QueueTasks = command<
  { num_tasks: number; dataset_prio: Readonly<Record<string, number>> },
  { queued: number }
>('tasks', 'tasks.queue');
/** Replies the pre-image (contract 7.6). */
export const ReportTask = command<ReportTaskRequest, { document: string }>('tasks', 'task.report');

/** Forced. Without `dataset_id` over all datasets. */
export const SetTasksStatus = command<{ dataset_id?: string; tasks: readonly string[]; status: string }, Nothing>(
  'tasks',
  'tasks.status',
);
export const ActOnTasks = command<TaskSelection & { action: BulkAction }, Nothing>('tasks', 'tasks.act', [], {
  calledBy: ['datasets'],
});
/** `requirements` is raw JSON of the validated body; `merge` is PATCH, `replace` is POST (contract 7.7). */
export const SetRequirements = command<
  { dataset_id: string; name: string; mode: 'merge' | 'replace'; requirements: string },
  Nothing
>('tasks', 'tasks.requirements', [], { calledBy: ['datasets'] });

/** `stats` is raw JSON of the body without `dataset_id`. */
export const AddTaskStat = command<{ task_id: string; dataset_id: string; stats: string }, { task_stat_id: string }>(
  'tasks',
  'task-stat.add',
);
/** Entries are `"<task_stat_id>":{...}` texts. */
export const ListTaskStats = query<
  { dataset_id: string; task_id: string; last: boolean; keys?: readonly string[]; cursor?: string },
  Page
>('tasks', 'task-stats.list');
export const GetTaskStat = query<{ dataset_id: string; task_id: string; task_stat_id: string }, { document: string }>(
  'tasks',
  'task-stat.get',
);
/** Entries are raw JSON records, grouped by task. */
export const ExportTaskStats = query<
  { dataset_id: string; last: boolean; after?: string; keys?: readonly string[]; limit: number; cursor?: string },
  Page
>('tasks', 'task-stats.export');

/** Tasks that a pilot listed when it ended (contract 12.3). */
export interface EvictTasksRequest {
  readonly tasks: readonly string[];
  /** What became of the pilot, for the history. */
  readonly reason: string;
  /** When the pilot ended: what began to run later runs elsewhere. */
  readonly ended_micros: number;
  /**
   * The last heartbeat of a pilot that promised heartbeats. Its list then counts for tasks with an instance too: nobody else
   * ends their runs.
   */
  readonly last_heartbeat_micros?: number;
  /** The only holder whose leases end; absent for pilots that may list any tasks. */
  readonly holder?: string;
}

export interface EvictedTask {
  readonly task_id: string;
  readonly dataset_id: string;
}

/** Sends those that the pilot still held back to `waiting`; replies which. */
export const EvictTasks = command<EvictTasksRequest, { evicted: readonly EvictedTask[] }>('tasks', 'tasks.evict', [], {
  calledBy: ['pilots'],
});
