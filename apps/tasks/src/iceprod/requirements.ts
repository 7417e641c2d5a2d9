import type { ClaimTasksRequest } from '#contracts/iceprod/tasks.js';
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

/** Decimal numbers only: JavaScript would also read other bases, which other programs do not. */
const DECIMAL = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d+)?$/i;

/** Longer texts than any finite number needs are no numbers. */
const DECIMAL_CHARACTERS_MAX = 1000;

/** The value of a number, or of a string with a number. Undefined for anything else, and for texts that are too long. */
export const numberOf = (raw: string | undefined): number | undefined => {
  if (raw === undefined) return undefined;
  const kind = kindOf(raw);
  if (raw.length > DECIMAL_CHARACTERS_MAX || (kind !== 'number' && kind !== 'string')) return undefined;
  const text = kind === 'string' ? (JSON.parse(raw) as string).trim() : raw;
  const value = DECIMAL.test(text) ? Number(text) : Number.NaN;
  return Number.isFinite(value) ? value : undefined;
};

/** GPUs that a task asks for, or 0. */
export const gpuOf = (requirements: string): number => {
  // Most tasks ask for none, which is checked without parsing.
  if (!requirements.includes('gpu')) return 0;
  const raw = membersOf(requirements).get('gpu');
  return raw !== undefined && kindOf(raw) === 'number' ? (numberOf(raw) ?? 0) : 0;
};
