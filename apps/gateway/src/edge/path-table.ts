interface Entry {
  readonly pattern: RegExp;
  /** A parameter is `:`, with what stands around it if it is only a part; the rest of a path is `*`. */
  readonly segments: readonly string[];
  readonly methods: string[];
}

const ESCAPED = /[.*+?^${}()|[\]\\]/g;

/** A parameter, perhaps with a pattern of its own. It ends at a point or dash, as the router sees it. */
const PARAMETER = /:\w+(?:\([^)]*\))?/;

const expressionOf = (segment: string): string =>
  segment === '*'
    ? '.+'
    : segment
        .split(PARAMETER)
        .map((part) => part.replace(ESCAPED, '\\$&'))
        .join('[^/]+');

const patternOf = (path: string): RegExp => new RegExp(`^${path.split('/').map(expressionOf).join('/')}$`);

const segmentsOf = (path: string): readonly string[] =>
  path.split('/').map((segment) => segment.replace(PARAMETER, ':'));

/** Whether every path of `exact` is one of `general` too, and not the other way round. */
const covers = (general: Entry, exact: Entry): boolean => {
  const isOpen = general.segments.at(-1) === '*';
  if (general === exact || (!isOpen && general.segments.length !== exact.segments.length)) return false;
  return general.segments.every((segment, index) => {
    const other = exact.segments[index];
    if (segment === '*') return other !== undefined;
    return segment === ':' ? other !== undefined && other !== '*' : segment === other;
  });
};

/**
 * The verbs of every path, to distinguish a wrong verb (405) from an unknown path (404). Where several paths fit, the most exact one
 * counts: a path with a parameter serves nothing of what stands in the table by its own name.
 */
export class PathTable {
  private readonly entries = new Map<string, Entry>();
  /** By path as declared: what is more exact. Complete once the first request comes. */
  private readonly moreExact = new Map<string, readonly Entry[]>();

  add(path: string, methods: readonly string[]): void {
    const pattern = patternOf(path);
    const entry = this.entries.get(pattern.source) ?? { pattern, segments: segmentsOf(path), methods: [] };
    entry.methods.push(...methods);
    this.entries.set(pattern.source, entry);
  }

  /** Empty for unknown paths. */
  methodsOf(path: string): readonly string[] {
    const single = singleSlashed(path);
    const found = [...this.entries.values()].filter(({ pattern }) => pattern.test(single));
    return found.filter((entry) => !found.some((other) => covers(entry, other))).flatMap(({ methods }) => methods);
  }

  /** Whether a path, although it fits the declared one, is more exactly another's. */
  isShadowed(declared: string, path: string): boolean {
    const moreExact = this.moreExactThan(declared);
    if (moreExact.length === 0) return false;
    const single = singleSlashed(path);
    return moreExact.some(({ pattern }) => pattern.test(single));
  }

  private moreExactThan(declared: string): readonly Entry[] {
    let moreExact = this.moreExact.get(declared);
    if (moreExact === undefined) {
      const entry = this.entries.get(patternOf(declared).source);
      moreExact = entry === undefined ? [] : [...this.entries.values()].filter((other) => covers(entry, other));
      this.moreExact.set(declared, moreExact);
    }
    return moreExact;
  }
}

const singleSlashed = (path: string): string => path.replace(/\/{2,}/g, '/');
