import type { ClaimTasksRequest } from '#contracts/iceprod/tasks.js';
import { kindOf, membersOf } from '#contracts/raw-json.js';

/**
 * What legacy pilots give a task that does not say what it needs, as raw JSON (contract 7.1). Today's grids have defaults
 * of their own.
 */
export const PILOT_DEFAULTS: ReadonlyMap<string, string> = new Map([
  ['cpu', '1'],
  ['gpu', '0'],
  ['memory', '1.0'],
  ['disk', '10.0'],
  ['time', '1.0'],
]);

/** The defaults that count for a claim: only legacy pilots run a task with the requirements that the answer shows. */
export const defaultsFor = (mode: ClaimTasksRequest['mode']): ReadonlyMap<string, string> =>
  mode === 'process' ? PILOT_DEFAULTS : new Map();

/** Decimal only: texts that JavaScript reads in other bases are no numbers to anybody else. */
const DECIMAL = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;

/** A number, also one that came as text; `undefined` for anything else. */
export const numberOf = (raw: string | undefined): number | undefined => {
  if (raw === undefined) return undefined;
  const kind = kindOf(raw);
  if (kind !== 'number' && kind !== 'string') return undefined;
  const text = kind === 'string' ? (JSON.parse(raw) as string).trim() : raw;
  const value = DECIMAL.test(text) ? Number(text) : Number.NaN;
  return Number.isFinite(value) ? value : undefined;
};

/** GPUs that a task asks for; 0 when it asks for none. */
export const gpuOf = (requirements: string): number => {
  // Most tasks want none: seen without taking the text apart.
  if (!requirements.includes('gpu')) return 0;
  const raw = membersOf(requirements).get('gpu');
  return raw !== undefined && kindOf(raw) === 'number' ? (numberOf(raw) ?? 0) : 0;
};
