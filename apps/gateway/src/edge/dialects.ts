import { problemOfCairn } from '../cairn/problem.js';
import { problemOfIceProd } from '../iceprod/problem.js';
import type { Problem, Refusal } from './refusal.js';

export type DialectName = 'iceprod' | 'cairn';

/** The one place where each dialect's errors get their shape. */
export const PROBLEMS: Readonly<Record<DialectName, (refusal: Refusal) => Problem>> = {
  iceprod: problemOfIceProd,
  cairn: problemOfCairn,
};

/** Whose paths begin with what; IceProd's is everything else. */
const PREFIXES: readonly (readonly [prefix: string, dialect: DialectName])[] = [
  ['/cairn/', 'cairn'],
  ['/livez', 'cairn'],
  ['/readyz', 'cairn'],
  ['/metrics', 'cairn'],
  ['/docs', 'cairn'],
  ['/openapi.json', 'cairn'],
];

/** The dialect of any path, known or not: gives the shape of 404 and 405. */
export const dialectOf = (path: string): DialectName =>
  PREFIXES.find(([prefix]) => path.startsWith(prefix))?.[1] ?? 'iceprod';
