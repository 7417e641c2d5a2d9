import { query } from '#bus/contract.js';

/** Why a unit is not running; judges the read rule of its workload. Replies raw JSON. */
export const ExplainUnit = query<{ unit_id: string }, { document: string }>('tasks', 'unit.explain');

/** Why a dataset has its status; judges the read rule. Replies raw JSON. */
export const ExplainDataset = query<{ dataset_id: string }, { document: string }>('datasets', 'dataset.explain');

/** Why an asynchronous request has its status. Replies raw JSON. */
export const ExplainRequest = query<{ request_id: string }, { document: string }>('datasets', 'requests.explain');

/** What is left to do in a dataset, by name of its tasks. Replies raw JSON. */
export const EstimateRemaining = query<{ dataset_id: string }, { document: string }>('tasks', 'tasks.remaining');
