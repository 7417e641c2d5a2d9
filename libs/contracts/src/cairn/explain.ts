import { query } from '#bus/contract.js';

/** Why a unit is not running; checks the read rule of its workload. Replies raw JSON. */
export const ExplainUnit = query<{ unit_id: string }, { document: string }>('tasks', 'unit.explain');

/** What is left to do in a dataset, by name of its tasks. Replies raw JSON. */
export const EstimateRemaining = query<{ dataset_id: string }, { document: string }>('tasks', 'tasks.remaining');
