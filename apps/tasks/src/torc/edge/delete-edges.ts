import { rangesOf, rangesPerEvent } from '#contracts/ranges.js';
import type { CollectionName } from '#contracts/torc/collections.js';
import { EDGES, type EdgeName } from '#contracts/torc/edges.js';
import type { Deletion, EdgesDeleted } from '#contracts/torc/events.js';
import type { Ranges, UnitsUnlinked } from '#contracts/work-events.js';
import type { DecidedEvent } from '#event-sourcing/command.js';
import type { Edge, TorcView, Workflow } from '../view.js';

/** Links of one event: even with ordinals of ten digits they fit its size limit. */
const LINKS_PER_EVENT_MAX = 5_000;

/** Edges looked at between two yields. */
const EDGES_PER_YIELD = 1_000;

type Link = readonly [blocker: number, dependent: number];

const EDGE_NAMES = Object.keys(EDGES) as EdgeName[];

/** Everything that a workflow has, or may have had. */
export const allOrdinals = ({ firstOrdinal, nextOrdinal }: Workflow): Ranges => [
  [firstOrdinal, Math.max(firstOrdinal, nextOrdinal - 1)],
];

const deleted = ({ stream }: Workflow, edge: EdgeName, ordinals: Ranges, deletion?: Deletion): DecidedEvent => {
  const data: EdgesDeleted = { edge, ordinals, ...(deletion !== undefined && { deletion }) };
  return { stream, type: 'EdgesDeleted', data };
};

const unlinked = ({ stream }: Workflow, links: readonly Link[]): DecidedEvent => {
  const data: UnitsUnlinked = { units: rangesOf(links.map(([, dependent]) => dependent)), links };
  return { stream, type: 'UnitsUnlinked', data };
};

/** Events that delete one edge. A job that several edges block stays blocked until the last of them goes. */
export const deleteEdge = (
  view: Pick<TorcView, 'countBetween'>,
  workflow: Workflow,
  edge: EdgeName,
  { ordinal, from, to }: Edge,
  deletion: Deletion,
): DecidedEvent[] => {
  const events = [deleted(workflow, edge, [[ordinal, ordinal]], deletion)];
  if (edge !== 'blocks') return events;
  const isLast = view.countBetween(workflow, edge, from, to) === 1;
  return isLast ? [...events, unlinked(workflow, [[from, to]])] : events;
};

/** Events that delete all edges of a kind. */
export function* deleteAllEdges(
  view: Pick<TorcView, 'ends'>,
  workflow: Workflow,
  edge: EdgeName,
): Generator<void, DecidedEvent[], void> {
  const events = [deleted(workflow, edge, allOrdinals(workflow))];
  if (edge !== 'blocks') return events;
  const links: Link[] = [];
  for (const link of view.ends(workflow, edge)) {
    links.push(link);
    if (links.length % EDGES_PER_YIELD === 0) yield;
  }
  for (let at = 0; at < links.length; at += LINKS_PER_EVENT_MAX) {
    events.push(unlinked(workflow, links.slice(at, at + LINKS_PER_EVENT_MAX)));
    yield;
  }
  return events;
}

/** Events that delete all edges at one document or job. The engine forgets the dependencies of a job that is removed by itself. */
export function* deleteEdgesAt(
  view: Pick<TorcView, 'edgeOrdinalsAt'>,
  workflow: Workflow,
  collection: CollectionName,
  ordinal: number,
): Generator<void, DecidedEvent[], void> {
  const events: DecidedEvent[] = [];
  for (const edge of EDGE_NAMES) {
    const { from, to }: { readonly from: readonly CollectionName[]; readonly to: readonly CollectionName[] } =
      EDGES[edge];
    const found: number[] = [];
    for (const end of ['from', 'to'] as const) {
      if (!(end === 'from' ? from : to).includes(collection)) continue;
      for (const ordinals of view.edgeOrdinalsAt(workflow, edge, end, ordinal)) {
        for (const each of ordinals) found.push(each);
        yield;
      }
    }
    for (const ranges of rangesPerEvent(rangesOf(found))) events.push(deleted(workflow, edge, ranges));
  }
  return events;
}

/** Events that delete all edges at the documents or jobs of a collection. */
export function* deleteEdgesOf(
  view: Pick<TorcView, 'edges' | 'documentAt' | 'count'>,
  workflow: Workflow,
  collection: CollectionName,
): Generator<void, DecidedEvent[], void> {
  const events: DecidedEvent[] = [];
  for (const edge of EDGE_NAMES) {
    const { from, to }: { readonly from: readonly CollectionName[]; readonly to: readonly CollectionName[] } =
      EDGES[edge];
    if (![...from, ...to].includes(collection) || view.count(workflow, edge) === 0) continue;
    if (from.length === 1 && to.length === 1) {
      events.push(deleted(workflow, edge, allOrdinals(workflow)));
      continue;
    }
    // Only the target may be of one of several collections, none of which is the jobs'.
    const isIn = (ordinal: number): boolean =>
      from.includes(collection) ||
      (collection !== 'jobs' && view.documentAt(workflow, collection, ordinal) !== undefined);
    const found: number[] = [];
    let looked = 0;
    for (const each of view.edges(workflow, edge)) {
      if (isIn(each.to)) found.push(each.ordinal);
      if ((looked += 1) % EDGES_PER_YIELD === 0) yield;
    }
    for (const ranges of rangesPerEvent(rangesOf(found))) events.push(deleted(workflow, edge, ranges));
  }
  return events;
}
