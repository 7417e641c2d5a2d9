import type { PlainCollectionName } from '#contracts/torc/collections.js';
import type { EdgeName } from '#contracts/torc/edges.js';
import { SCHEDULERS } from '#contracts/torc/specification.js';
import { nameOfDocument } from '../document-name.js';
import type { TorcView, Workflow } from '../view.js';

/** Collections whose documents jobs of a specification refer to by name. */
const REFERRED: readonly PlainCollectionName[] = ['files', ...SCHEDULERS, 'resource_requirements', 'user_data'];

/** Edges that are references in a specification, and the end that is referred to. */
const REFERENCES: readonly (readonly [EdgeName, 0 | 1])[] = [
  ['needs', 1],
  ['produces', 1],
  ['consumes', 1],
  ['stores', 1],
  ['requires', 1],
  ['scheduled_bys', 1],
  ['blocks', 0],
];

type NamedView = Pick<TorcView, 'documents' | 'jobs' | 'ends'>;

/**
 * Names of the documents and jobs of a workflow that say in a specification which one is meant: what is referred to and has no name,
 * or shares it with others, gets one that is its own (D8).
 */
export class UniqueNames {
  private readonly names = new Map<number, string>();
  /** What needs another name, if it is referred to: with the key that makes it its own. */
  private readonly unclear = new Map<number, { readonly name: string | undefined; readonly key: string }>();
  private readonly given = new Map<number, string>();

  /**
   * Reads all names, a piece between two yields.
   *
   * @param referred ordinals that are referred to, besides those at edges
   */
  *read(view: NamedView, workflow: Workflow, referred: readonly number[]): Generator<undefined, void, void> {
    const taken = new Set<string>();
    for (const collection of REFERRED) yield* this.readNames(view.documents(workflow, collection), taken);
    yield* this.readNames(view.jobs(workflow), taken);
    if (this.unclear.size === 0) return;
    for (const ordinal of referred) this.clear(ordinal, taken);
    for (const [edge, end] of REFERENCES) {
      let count = 0;
      for (const ends of view.ends(workflow, edge)) {
        this.clear(ends[end], taken);
        if ((count += 1) % 1_000 === 0) yield undefined;
      }
    }
  }

  /** What references call a document or job. */
  at(ordinal: number): string {
    return this.names.get(ordinal) ?? '';
  }

  /** The name that it has got here. */
  givenTo(ordinal: number): string | undefined {
    return this.given.get(ordinal);
  }

  private *readNames(
    documents: Iterable<{ readonly ordinal: number; readonly key: string; readonly document: string }>,
    taken: Set<string>,
  ): Generator<undefined, void, void> {
    const first = new Map<string, { readonly ordinal: number; readonly key: string }>();
    for (const { ordinal, key, document } of documents) {
      const name = nameOfDocument(document);
      const earlier = name === undefined ? undefined : first.get(name);
      if (name === undefined || earlier !== undefined) this.unclear.set(ordinal, { name, key });
      if (earlier !== undefined) this.unclear.set(earlier.ordinal, { name, key: earlier.key });
      if (name !== undefined) {
        first.set(name, { ordinal, key });
        taken.add(name);
        this.names.set(ordinal, name);
      }
      yield undefined;
    }
  }

  private clear(ordinal: number, taken: Set<string>): void {
    const unclear = this.unclear.get(ordinal);
    if (unclear === undefined || this.given.has(ordinal)) return;
    let name = unclear.name === undefined ? unclear.key : `${unclear.name}-${unclear.key}`;
    while (taken.has(name)) name += '-';
    taken.add(name);
    this.names.set(ordinal, name);
    this.given.set(ordinal, name);
  }
}
