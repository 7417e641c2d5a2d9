import { median } from './table.js';

const ROUNDS = 3;
/** Warm-up ends when two rounds in a row differ by no more than this share. */
const SETTLED_SHARE = 0.05;
/** Enough for the compiler on a slow machine; what still varies after them varies by itself. */
const WARM_UP_ROUNDS_MAX = 8;

/** Repeats a measurement until its figure settles: the first rounds of a process measure its compiler. */
export const warmUp = async (measure: () => Promise<number>): Promise<void> => {
  let before = await measure();
  for (let round = 1; round < WARM_UP_ROUNDS_MAX; round += 1) {
    const now = await measure();
    if (Math.abs(now - before) <= SETTLED_SHARE * before) return;
    before = now;
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
