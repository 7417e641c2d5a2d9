import { command, type Nothing, query } from '#bus/contract.js';
import type { AccessAction } from '../access.js';
import type { ListOptions, ListPage } from '../lists.js';
import type { ConfigOrigin } from './dataset-events.js';

/** Validated body of `POST /datasets`; status, group and counts are checked by the service (contract 4.1, 4.3). */
export interface SubmitDatasetRequest {
  readonly description: string;
  readonly jobs_submitted: number;
  readonly tasks_submitted: number;
  readonly tasks_per_job: number;
  readonly group: string;
  readonly username?: string;
  readonly status?: string;
  readonly priority?: number;
  readonly debug?: boolean;
  readonly jobs_immutable?: boolean;
  readonly always_active?: boolean;
  readonly auth_groups_read?: readonly string[];
}

export interface ListDatasetsRequest extends ListOptions {
  /** Unknown words are refused with `unknown status`; `truncated` selects by flag (contract 4.2). */
  readonly statuses?: readonly string[];
  readonly groups?: readonly string[];
  readonly users?: readonly string[];
  /** The one with this number. */
  readonly dataset?: number;
  readonly keys?: readonly string[];
}

export type ChangeDatasetRequest = { readonly dataset_id: string } &
  /** Only services give a `reason`, for the history. */
  (
    | { readonly change: 'status'; readonly status: string; readonly reason?: string }
    | { readonly change: 'description'; readonly description: string }
    | { readonly change: 'priority'; readonly priority: number }
    | { readonly change: 'jobs_submitted'; readonly jobs_submitted: number }
    | { readonly change: 'hard_reset' }
    | { readonly change: 'truncate' }
  );

export const SubmitDataset = command<SubmitDatasetRequest, { dataset_id: string }>(
  'datasets',
  'submit',
  ['tasks', 'auth'],
  { calledBy: ['datasets'] },
);
/** Replies the document as raw JSON. */
export const GetDataset = query<{ dataset_id: string }, { document: string }>('datasets', 'get', {
  calledBy: ['datasets'],
});
/** Entries are `"<dataset_id>":{...}` texts, already filtered by the read rule. */
export const ListDatasets = query<ListDatasetsRequest, ListPage>('datasets', 'list');
/** Replies `{status: [dataset_id, ...]}` as raw JSON, filtered by the read rule. */
export const SummarizeDatasets = query<Nothing, { document: string }>('datasets', 'summarize');
/** Changes a dataset after checking its write rule. */
export const ChangeDataset = command<ChangeDatasetRequest, Nothing>('datasets', 'change', ['tasks'], {
  calledBy: ['datasets', 'tasks'],
});
/** Checks the caller's access only: for requests with a bad body (403 goes before 400, contract 1.2.5). */
export const AuthorizeAccess = query<{ dataset_id: string; action: AccessAction }, Nothing>('datasets', 'authorize');

export interface ConfigReply extends ConfigOrigin {
  readonly document: string;
}
export const GetConfig = query<{ dataset_id: string }, ConfigReply>('datasets', 'config.get', {
  calledBy: ['datasets'],
});
/** Only services give an origin: without one, the caller is the writer. */
export interface PutConfigRequest extends ConfigOrigin {
  readonly dataset_id: string;
  /** The body as sent, stored to the letter (contract 5, trap 19). */
  readonly config: string;
}
export const PutConfig = command<PutConfigRequest, Nothing>('datasets', 'config.put', [], {
  calledBy: ['datasets'],
});
