interface Suite {
  readonly path: string;
}

/** Suites that take longest, first: behind them no worker waits long for another one at the end. */
const ORDER = [/\/main-workflow\.e2e\./, /\/(chaos|compat)\/.*\.e2e\./, /\.e2e\./, /\.int\./];

const rank = ({ path }: Suite): number => {
  const index = ORDER.findIndex((pattern) => pattern.test(path));
  return index === -1 ? ORDER.length : index;
};

/** Order in which Jest runs suites. */
export default class SlowFirst {
  sort(suites: readonly Suite[]): readonly Suite[] {
    return [...suites].sort((left, right) => rank(left) - rank(right) || left.path.localeCompare(right.path));
  }

  cacheResults(): void {
    // The order does not depend on what earlier runs have measured.
  }
}
