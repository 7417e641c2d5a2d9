interface Entry {
  readonly pattern: RegExp;
  /** Its end stands for any rest of a path. */
  readonly isOpen: boolean;
  readonly methods: string[];
}

const ESCAPED = /[.*+?^${}()|[\]\\]/g;

const expressionOf = (segment: string): string => {
  if (segment === '*') return '.+';
  return segment.startsWith(':') ? '[^/]+' : segment.replace(ESCAPED, '\\$&');
};

const patternOf = (path: string): RegExp => new RegExp(`^${path.split('/').map(expressionOf).join('/')}$`);

/** Which verbs a path knows: tells a wrong verb (405) from an unknown path (404). Consulted only for what has no route. */
export class PathTable {
  private readonly entries = new Map<string, Entry>();

  add(path: string, methods: readonly string[]): void {
    const pattern = patternOf(path);
    const entry = this.entries.get(pattern.source) ?? { pattern, isOpen: path.endsWith('*'), methods: [] };
    entry.methods.push(...methods);
    this.entries.set(pattern.source, entry);
  }

  /** Empty for unknown paths. */
  methodsOf(path: string): readonly string[] {
    const found = this.find(path);
    // Whatever ends in the name of a sub-route is that sub-route, and nothing of what an open end would take.
    const closed = found.filter(({ isOpen }) => !isOpen);
    return (closed.length > 0 ? closed : found).flatMap(({ methods }) => methods);
  }

  /** A path of its own: a route with an open end does not serve it. */
  isClosed(path: string): boolean {
    return this.find(path).some(({ isOpen }) => !isOpen);
  }

  private find(path: string): readonly Entry[] {
    const single = path.replace(/\/{2,}/g, '/');
    return [...this.entries.values()].filter(({ pattern }) => pattern.test(single));
  }
}
