import type { Share } from '#contracts/panda/queues.js';
import type { JobView, SiteView } from '../view.js';

/** Its jobs come before all others. */
const FIRST = 'Test';

const targets = new WeakMap<readonly Share[], ReadonlyMap<string, number>>();

/** The part of all resources that each share should have: its value among its siblings, times its parent's part. */
export const targetsOf = (shares: readonly Share[]): ReadonlyMap<string, number> => {
  const known = targets.get(shares);
  if (known !== undefined) return known;
  const byName = new Map(shares.map((share) => [share.name, share]));
  const siblings = new Map<string | null, number>();
  for (const { parent, value } of shares) siblings.set(parent, (siblings.get(parent) ?? 0) + value);
  const partOf = ({ value, parent }: Share, depth = 0): number => {
    const sum = siblings.get(parent) ?? 0;
    const above = parent === null ? undefined : byName.get(parent);
    const part = sum > 0 ? value / sum : 0;
    // A circle of parents has no root.
    return above === undefined || depth > shares.length ? part : part * partOf(above, depth + 1);
  };
  const computed = new Map(shares.map((share) => [share.name, partOf(share)]));
  targets.set(shares, computed);
  return computed;
};

/** Shares in the order in which they get jobs: `Test`, then those that have least of what they should have (PanDA contract 4.2.2). */
export const ranked = (
  view: Pick<SiteView, 'shares'> & Pick<JobView, 'countExecuting'>,
  shares: Iterable<string>,
): readonly string[] => {
  const names = [...new Set(shares)];
  if (names.length < 2) return names;
  const parts = targetsOf(view.shares());
  const rankOf = (name: string): number => {
    if (name === FIRST) return -1;
    const part = parts.get(name) ?? 0;
    return part > 0 ? view.countExecuting(name) / part : Infinity;
  };
  const ranks = new Map(names.map((name) => [name, rankOf(name)]));
  const compare = (one: string, other: string): number => {
    const [a = 0, b = 0] = [ranks.get(one), ranks.get(other)];
    return a === b ? (one < other ? -1 : 1) : a - b;
  };
  return names.sort(compare);
};
