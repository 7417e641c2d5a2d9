import type { ClaimTasksRequest } from '#contracts/iceprod/tasks.js';
import { numberOf } from '#contracts/iceprod/requirement-number.js';
import { kindOf, membersOf } from '#contracts/raw-json.js';

/**
 * Defaults of legacy pilots for requirements that a task does not state, as raw JSON (contract 7.1). Current grids have their
 * own defaults.
 */
export const PILOT_DEFAULTS: ReadonlyMap<string, string> = new Map([
  ['cpu', '1'],
  ['gpu', '0'],
  ['memory', '1.0'],
  ['disk', '10.0'],
  ['time', '1.0'],
]);

/** The defaults for a claim. Only legacy pilots run a task with the requirements in the answer. */
export const defaultsFor = (mode: ClaimTasksRequest['mode']): ReadonlyMap<string, string> =>
  mode === 'process' ? PILOT_DEFAULTS : new Map();

/** GPUs that a task asks for, or 0. */
export const gpuOf = (requirements: string): number => {
  // Most tasks ask for none, which is checked without parsing.
  if (!requirements.includes('gpu')) return 0;
  const raw = membersOf(requirements).get('gpu');
  return raw !== undefined && kindOf(raw) === 'number' ? (numberOf(raw) ?? 0) : 0;
};
