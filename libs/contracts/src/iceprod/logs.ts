import { command, type Nothing, type Page, query } from '#bus/contract.js';
import type { BlobReference } from '../work-events.js';

/** Prefix of the keys of logs' bodies in the blob store. */
export const LOG_BLOBS = 'log/';

/** The body as raw JSON of a string, or the blob in which the gateway has stored it. */
export type LogBody = { readonly raw: string } | { readonly blob: BlobReference };

export interface AddLogRequest {
  readonly dataset_id?: string;
  readonly task_id?: string;
  readonly name: string;
  /** Raw JSON of an object: the fields as they were sent, but for the body. */
  readonly fields: string;
  readonly data: LogBody;
}

export interface QueryLogsRequest {
  readonly name?: string;
  readonly dataset_id?: string;
  readonly task_id?: string;
  /** Timestamps, both inclusive, compared as texts. */
  readonly from?: string;
  readonly to?: string;
  /** 0 means all. */
  readonly limit: number;
  readonly keys?: readonly string[];
  readonly cursor?: string;
}

export interface ListTaskLogsRequest {
  readonly dataset_id: string;
  readonly task_id: string;
  /** 0 means all. */
  readonly num: number;
  /** The first log of each name only. */
  readonly group: boolean;
  readonly order: 'asc' | 'desc';
  readonly keys?: readonly string[];
  readonly cursor?: string;
}

/**
 * Raw JSON with a gap: `before`, the content of the blob, `after`. A missing blob is the empty string. Small
 * bodies are filled in already.
 */
export interface LogText {
  readonly before: string;
  readonly blob?: string;
  readonly after: string;
}

export type LogPage = Page<LogText>;

export const AddLog = command<AddLogRequest, { log_id: string }>('tasks', 'log.add', [], { calledBy: ['pilots'] });
/** With `dataset_id` the log must belong to it and the read rule is checked. */
export const GetLog = query<{ log_id: string; dataset_id?: string }, { log: LogText }>('tasks', 'log.get');
/** Entries are `"<log_id>":{...}` texts, oldest first. */
export const QueryLogs = query<QueryLogsRequest, LogPage>('tasks', 'logs.query');
/** Entries are documents. */
export const ListTaskLogs = query<ListTaskLogsRequest, LogPage>('tasks', 'logs.of-task');
export const DeleteLog = command<{ log_id: string }, Nothing>('tasks', 'log.delete', [], { calledBy: ['tasks'] });
export interface DeleteLogsRequest {
  readonly dataset_id: string;
  readonly task_id?: string;
  readonly limit: number;
  /** How many logs the previous step has left. Without it they are counted. */
  readonly left?: number;
}
/** Deletes at most `limit` logs of the dataset, or of one task of it, and replies how many and how many are left. */
export const DeleteLogs = command<DeleteLogsRequest, { deleted: number; left: number }>('tasks', 'logs.delete');
