import { type Page, query } from '#bus/contract.js';

/** What is read of tasks and jobs. Answers are JSON text in pieces, which put together are the member `data` of an envelope (PanDA contract 1.7). */
export interface DocumentRequest {
  /** Continues an earlier answer. */
  readonly cursor?: string;
}

const documents = <Request extends DocumentRequest>(name: string) => query<Request, Page>('tasks', `panda.${name}`);

export interface TaskDocumentRequest extends DocumentRequest {
  readonly task_id: number;
}

/** Contract 6.10. `cliParams` and `status` are told when they are asked for. */
export interface TaskDetailsRequest extends TaskDocumentRequest {
  readonly include_parameters: boolean;
  readonly include_status: boolean;
}

export interface TasksModifiedRequest extends DocumentRequest {
  /** Microseconds since the Unix epoch. */
  readonly since_micros: number;
  /** Compact name. */
  readonly user: string;
  readonly label: string;
  /** Only tasks with greater ids. */
  readonly above_task_id: number;
  /** With inputs, outputs and statistics; at most 500 tasks. */
  readonly full: boolean;
}

export interface DatasetsAndFilesRequest extends TaskDocumentRequest {
  /** Types of datasets. */
  readonly types: readonly string[];
  readonly dataset_only: boolean;
}

export interface TasksDetailedRequest extends DocumentRequest {
  /** As the client has given it, null for all. */
  readonly since: string | null;
  /** Values of attributes of tasks, or patterns of them. */
  readonly filters: Readonly<Record<string, unknown>>;
  readonly limit: number;
  /** Who asks: without a filter by `userName` only own tasks are told. */
  readonly user: string;
}

export interface TaskJobsRequest extends TaskDocumentRequest {
  readonly unsuccessful_only: boolean;
}

export interface JumboDatasetsRequest extends DocumentRequest {
  /** Microseconds since the Unix epoch. */
  readonly from_micros: number;
  readonly to_micros: number;
}

export interface DescribeJobsRequest extends DocumentRequest {
  readonly job_ids: readonly number[];
}

export const GetTaskDetails = documents<TaskDetailsRequest>('task.details');
export const GetTasksModified = documents<TasksModifiedRequest>('tasks.modified');
export const GetDatasetsAndFiles = documents<DatasetsAndFilesRequest>('task.files');
export const GetTaskJobIds = documents<TaskDocumentRequest>('task.job-ids');
export const GetTaskParameters = documents<TaskDocumentRequest>('task.parameters');
export const GetTaskDetailedInfo = documents<TaskDocumentRequest>('task.detailed-info');
export const GetParentDetailedInfo = documents<TaskDocumentRequest>('task.parent-detailed-info');
export const GetTasksDetailedInfo = documents<TasksDetailedRequest>('tasks.detailed-info');
export const GetTaskJobDescriptions = documents<TaskJobsRequest>('task.job-descriptions');
export const GetJumboDatasets = documents<JumboDatasetsRequest>('tasks.jumbo-datasets');
export const DescribeJobs = documents<DescribeJobsRequest>('jobs.describe');
export const GetJobMetadata = documents<TaskDocumentRequest>('jobs.metadata');
