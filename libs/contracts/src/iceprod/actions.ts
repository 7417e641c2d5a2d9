import { command, query } from '#bus/contract.js';

/** Asynchronous requests (IceProd contract 16). */
export const ACTIONS = [
  'submit',
  'materialization',
  'dataset_status',
  'job_status',
  'task_status',
  'edit_config',
] as const;
export type Action = (typeof ACTIONS)[number];

export const REQUEST_STATUSES = ['queued', 'processing', 'error', 'complete'] as const;
export type RequestStatus = (typeof REQUEST_STATUSES)[number];

export interface MakeRequestRequest {
  readonly action: Action;
  /** The body as raw JSON of an object. */
  readonly arguments: string;
  /** The path names the dataset, and the error texts are those of paths. */
  readonly dataset_id?: string;
  /** For the materialization service of old clients, which has its own error texts. */
  readonly legacy?: boolean;
}

/** A request as answers show it. */
export interface RequestView {
  readonly id: string;
  readonly status: RequestStatus;
  readonly error_message: string;
  /** Raw JSON of an object: the accepted arguments, the name of the action and its results. */
  readonly payload: string;
  readonly create_timestamp: string;
  readonly modify_timestamp: string;
  readonly creator: string;
  readonly role: string;
}

export const MakeRequest = command<MakeRequestRequest, { request_id: string }>('datasets', 'requests.make', [], {
  calledBy: ['tasks'],
});
export const GetRequest = query<{ action: Action; request_id: string }, RequestView>('datasets', 'requests.get');
/** Replies `{status: count}` with every status; without an action of all requests. */
export const CountRequests = query<{ action?: Action }, Readonly<Record<RequestStatus, number>>>(
  'datasets',
  'requests.count',
);
/** The materialization of the dataset that changed last; the read rule is checked. */
export const GetLatestMaterialization = query<{ dataset_id: string }, RequestView>('datasets', 'requests.latest');
