import { query } from '#bus/contract.js';

/** Why a workload has its status; judges the read rule. Replies raw JSON. */
export const ExplainWorkload = query<{ workload_id: string }, { document: string }>('datasets', 'workload.explain');

/** Why an asynchronous request has its status. Replies raw JSON. */
export const ExplainRequest = query<{ request_id: string }, { document: string }>('datasets', 'requests.explain');
