interface Entry {
  readonly pattern: RegExp;
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
    const entry = this.entries.get(pattern.source) ?? { pattern, methods: [] };
    entry.methods.push(...methods);
    this.entries.set(pattern.source, entry);
  }

  /** Empty for unknown paths. */
  methodsOf(path: string): readonly string[] {
    const single = path.replace(/\/{2,}/g, '/');
    return [...this.entries.values()].filter(({ pattern }) => pattern.test(single)).flatMap(({ methods }) => methods);
  }
}
