import { kindOf, membersOf } from '#contracts/raw-json.js';

/** Used when a task does not say what it needs (contract 7.1). */
export const DEFAULT_REQUIREMENTS: ReadonlyMap<string, string> = new Map([
  ['cpu', '1'],
  ['gpu', '0'],
  ['memory', '2.0'],
  ['disk', '10.0'],
  ['time', '8.0'],
]);

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
