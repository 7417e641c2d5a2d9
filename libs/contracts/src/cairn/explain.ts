import { query } from '#bus/contract.js';

/** Why a unit is not running; checks the read rule of its workload. Replies raw JSON. */
export const ExplainUnit = query<{ unit_id: string }, { document: string }>('tasks', 'unit.explain');

/** What is left to do in a workload, by name of its units; checks the read rule. Replies raw JSON. */
export const EstimateRemaining = query<{ workload_id: string }, { document: string }>('tasks', 'workload.remaining');
