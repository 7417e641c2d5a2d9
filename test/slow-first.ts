interface Suite {
  readonly path: string;
}

/** The slowest suites run first, so that no worker idles at the end while another finishes a slow one. */
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
    // The order does not depend on measured times.
  }
}
