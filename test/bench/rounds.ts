import { median } from './table.js';

const ROUNDS = 3;
/** Warm-up ends when this many rounds in a row were no better than the best before them. */
const SETTLED_ROUNDS = 2;
/** By how much a round must be better than the best before it to count as an improvement. */
const IMPROVEMENT = 1.03;
/** Enough for the compiler on a slow machine. */
const WARM_UP_ROUNDS_MAX = 16;

/**
 * Repeats a measurement until its pace no longer improves: the first rounds of a process measure its compiler. That two rounds are
 * alike would not do, because on a busy machine that is chance.
 */
export const warmUp = async (measurePace: () => Promise<number>): Promise<void> => {
  let best = await measurePace();
  let settled = 0;
  for (let round = 1; round < WARM_UP_ROUNDS_MAX && settled < SETTLED_ROUNDS; round += 1) {
    const pace = await measurePace();
    settled = pace > best * IMPROVEMENT ? 0 : settled + 1;
    best = Math.max(best, pace);
  }
};

/** Three rounds of each, in turn, so that whatever slows the machine for a while slows both. */
export const alternate = async <Theirs, Ours>(
  measureTheirs: () => Promise<Theirs>,
  measureOurs: () => Promise<Ours>,
): Promise<{ readonly theirs: readonly Theirs[]; readonly ours: readonly Ours[] }> => {
  const theirs: Theirs[] = [];
  const ours: Ours[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    theirs.push(await measureTheirs());
    ours.push(await measureOurs());
  }
  return { theirs, ours };
};

/** `0.048 (0.041 to 0.052)`: the median of the rounds, and how far they are apart. */
export const spread = (values: readonly number[]): string =>
  `${median(values).toPrecision(3)} (${Math.min(...values).toPrecision(3)} to ${Math.max(...values).toPrecision(3)})`;
