import type { DatasetType } from '#contracts/panda/events.js';
import type { TaskFileStatus } from '#contracts/panda/statuses.js';

/** Statuses of a task's files by the code that tables have for them. New ones are added at the end. */
export const FILE_STATUSES = [
  ...(['ready', 'picked', 'running', 'finished', 'failed', 'cancelled', 'defined', 'nooutput', 'merging'] as const),
  ...(['pending', 'staging', 'lost', 'missing', 'duplicated'] as const),
] as const satisfies readonly TaskFileStatus[];

/** What becomes of a file, as digests of tasks show it (contract 3.3), by code. */
export const PROC_STATUSES = ['ready', 'queued', 'running', 'finished', 'failed'] as const;
export type ProcStatus = (typeof PROC_STATUSES)[number];

/** Types of datasets by code. */
export const DATASET_TYPES = [
  ...(['input', 'pseudo_input', 'pp_input', 'trn_input', 'random_seed', 'output', 'log', 'lib'] as const),
  ...(['tmpl_output', 'tmpl_log', 'trn_output', 'trn_log'] as const),
] as const satisfies readonly DatasetType[];

/** Codes below this one are of types that jobs read. */
const FIRST_OUTPUT = DATASET_TYPES.indexOf('output');

export const isInputCode = (code: number): boolean => code < FIRST_OUTPUT;

export const isInputType = (type: DatasetType): boolean => isInputCode(DATASET_TYPES.indexOf(type));
