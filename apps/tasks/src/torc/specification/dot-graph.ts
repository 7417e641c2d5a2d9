import type { PlainCollectionName } from '#contracts/torc/collections.js';
import type { EdgeName } from '#contracts/torc/edges.js';
import type { DotGraphName } from '#contracts/torc/graph.js';
import { fullId } from '#contracts/torc/ids.js';
import { nameOfDocument } from '../document-name.js';
import type { TorcView, Workflow } from '../view.js';

interface GraphShape {
  readonly title: string;
  readonly edges: readonly EdgeName[];
  /** What the edges point to, if not jobs. */
  readonly collection?: PlainCollectionName;
}

const GRAPHS: Readonly<Record<DotGraphName, GraphShape>> = {
  job_job_dependencies: { title: 'Job - Job Dependencies', edges: ['blocks'] },
  job_file_dependencies: { title: 'Job - File Dependencies', edges: ['produces', 'needs'], collection: 'files' },
  job_user_data_dependencies: {
    title: 'Job - User Data Dependencies',
    edges: ['stores', 'consumes'],
    collection: 'user_data',
  },
};

const BARE = /^(?:[A-Za-z_][A-Za-z0-9_]*|-?(?:\.\d+|\d+(?:\.\d*)?))$/;
/** Of the language DOT: they need quotes. */
const KEYWORD = /^(?:node|edge|graph|digraph|subgraph|strict)$/i;

const quoted = (text: string): string => `"${text.replace(/["\\]/g, '\\$&')}"`;

/** A label as DOT understands it (D19). */
const labelOf = (text: string): string => (BARE.test(text) && !KEYWORD.test(text) ? text : quoted(text));

type GraphView = Pick<TorcView, 'jobs' | 'documents' | 'ends'>;

/** Lines of a graph in the language DOT (Torc contract 5.14). Where nothing is yielded, the work may pause. */
export function* dotGraph(
  view: GraphView,
  workflow: Workflow,
  graph: DotGraphName,
): Generator<string | undefined, void, void> {
  const { title, edges, collection } = GRAPHS[graph];
  const ids = new Map<number, string>();
  const node = (base: string, ordinal: number, key: string, document: string): string => {
    const id = quoted(fullId(base, workflow.key, key));
    ids.set(ordinal, id);
    return `${id} [label=${labelOf(nameOfDocument(document) ?? key)}];`;
  };

  yield `strict digraph "${graph}" {`;
  yield 'node [label="\\N"];';
  for (const { ordinal, key, document } of view.jobs(workflow)) yield node('jobs', ordinal, key, document);
  if (collection !== undefined) {
    const targets = new Set<number>();
    for (const edge of edges) {
      for (const [, to] of view.ends(workflow, edge)) {
        targets.add(to);
        yield undefined;
      }
    }
    for (const { ordinal, key, document } of view.documents(workflow, collection)) {
      yield targets.has(ordinal) ? node(collection, ordinal, key, document) : undefined;
    }
  }
  for (const edge of edges) {
    for (const [from, to] of view.ends(workflow, edge)) {
      const [source, target] = [ids.get(from), ids.get(to)];
      yield source === undefined || target === undefined ? undefined : `${source} -> ${target} [label=${edge}];`;
    }
  }
  yield 'labelloc="t";';
  yield `label="${title}";`;
  yield '}';
}
