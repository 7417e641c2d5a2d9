import type { IncomingHttpHeaders } from 'node:http';
import type { Dialect } from '../dialect.js';
import type { AnyRoute } from '../route/route.js';

const SPECIAL = /[.+?^${}()|[\]\\]/g;

const patternOf = (beginning: string): string => beginning.replace(SPECIAL, '\\$&').replaceAll('*', '[^/]*');

const expressionOf = (beginnings: readonly string[]): RegExp =>
  new RegExp(`^(?:${beginnings.map(patternOf).join('|')})`);

/** All dialects, and the dialect of any path. */
export class DialectTable {
  readonly routes: readonly AnyRoute[];
  private readonly byName: ReadonlyMap<string, Dialect>;
  private readonly byPath: readonly (readonly [RegExp, Dialect])[];
  /** The dialect of all paths that no other claims. */
  readonly fallback: Dialect;

  /** @throws Error unless exactly one dialect has no paths of its own */
  constructor(readonly dialects: readonly Dialect[]) {
    this.routes = dialects.flatMap(({ routes }) => routes);
    this.byName = new Map(dialects.map((dialect) => [dialect.name, dialect]));
    this.byPath = dialects.flatMap((dialect) =>
      dialect.paths === undefined ? [] : [[expressionOf(dialect.paths), dialect] as const],
    );
    const [fallback, ...others] = dialects.filter(({ paths }) => paths === undefined);
    if (fallback === undefined || others.length > 0) {
      throw new Error('exactly one dialect must have no paths of its own');
    }
    this.fallback = fallback;
  }

  /** The dialect that a route names. */
  of({ dialect: name }: Pick<AnyRoute, 'dialect'>): Dialect {
    const dialect = this.byName.get(name);
    if (dialect === undefined) throw new Error(`no dialect is called ${name}`);
    return dialect;
  }

  /** The dialect whose path this is, whether or not a route exists. */
  dialectOf(path: string): Dialect {
    return this.byPath.find(([expression]) => expression.test(path))?.[1] ?? this.fallback;
  }

  /** Applies the rewriting rules of all dialects. */
  rewriteUrl(url: string, headers: IncomingHttpHeaders): string {
    return this.dialects.reduce((rewritten, dialect) => dialect.rewriteUrl?.(rewritten, headers) ?? rewritten, url);
  }
}
