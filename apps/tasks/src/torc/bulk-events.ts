import { rangesOf } from '#contracts/ranges.js';
import type { PlainCollectionName } from '#contracts/torc/collections.js';
import type { EdgeName } from '#contracts/torc/edges.js';
import type { AddedJob, DocumentsStored, EdgesAdded, JobsAdded } from '#contracts/torc/events.js';
import type { UnitsLinked } from '#contracts/work-events.js';
import type { DecidedEvent } from '#event-sourcing/command.js';
import { documentStored } from './document/document-events.js';
import { isLarge } from './document/size-limit.js';

/** Edges of one event: even with ordinals of ten digits they fit its size limit. */
const EDGES_PER_EVENT_MAX = 5_000;

/** Characters of one event's documents: however they are escaped and encoded, they fit its size limit. */
const CHARACTERS_PER_EVENT_MAX = 60_000;
/** What surrounds a document in an event, with its key. */
const DOCUMENT_OVERHEAD = 300;

export interface NumberedDocument {
  readonly ordinal: number;
  readonly document: string;
  readonly key?: string | undefined;
}

export interface NumberedJob {
  readonly ordinal: number;
  readonly job: AddedJob;
}

/** Cuts documents into as many as fit into one event each. What does not fit is by itself. */
function* perEvent<Entity>(
  entities: Iterable<Entity>,
  documentOf: (entity: Entity) => string,
): Generator<readonly Entity[], void, void> {
  let chunk: Entity[] = [];
  let characters = 0;
  for (const entity of entities) {
    const length = documentOf(entity).length + DOCUMENT_OVERHEAD;
    if (chunk.length > 0 && characters + length > CHARACTERS_PER_EVENT_MAX) {
      yield chunk;
      [chunk, characters] = [[], 0];
    }
    chunk.push(entity);
    characters += length;
  }
  if (chunk.length > 0) yield chunk;
}

const keysOf = (entities: readonly NumberedDocument[]): Pick<DocumentsStored, 'keys'> => {
  const keys = entities.flatMap(({ ordinal, key }) => (key === undefined ? [] : [[ordinal, key] as const]));
  return keys.length === 0 ? {} : { keys: Object.fromEntries(keys) };
};

/** Events that store many documents, in order of their ordinals. */
export function* documentsStored(
  stream: string,
  collection: PlainCollectionName,
  entities: Iterable<NumberedDocument>,
): Generator<DecidedEvent, void, void> {
  for (const chunk of perEvent(entities, ({ document }) => document)) {
    const [only] = chunk;
    if (only !== undefined && isLarge(only.document)) {
      yield* documentStored(stream, { collection, ...only });
      continue;
    }
    const data: DocumentsStored = {
      collection,
      ordinals: rangesOf(chunk.map(({ ordinal }) => ordinal)),
      documents: chunk.map(({ document }) => document),
      ...keysOf(chunk),
    };
    yield { stream, type: 'DocumentsStored', data };
  }
}

/** Events that add many jobs, in order of their ordinals. */
export function* jobsAdded(
  stream: string,
  workloadId: string,
  jobs: Iterable<NumberedJob>,
): Generator<DecidedEvent, void, void> {
  for (const chunk of perEvent(jobs, ({ job }) => job.document)) {
    const data: JobsAdded = {
      units: rangesOf(chunk.map(({ ordinal }) => ordinal)),
      workload_id: workloadId,
      jobs: chunk.map(({ job }) => job),
    };
    yield { stream, type: 'JobsAdded', data };
  }
}

/** Events that add many edges of a kind; `blocks` are made known to the engine too. */
export function* edgesAdded(
  stream: string,
  edge: EdgeName,
  ends: readonly (readonly [from: number, to: number])[],
  nextOrdinal: () => number,
): Generator<DecidedEvent, void, void> {
  for (let at = 0; at < ends.length; at += EDGES_PER_EVENT_MAX) {
    const chunk = ends.slice(at, at + EDGES_PER_EVENT_MAX);
    const added: EdgesAdded = { edge, ordinals: rangesOf(chunk.map(nextOrdinal)), ends: chunk };
    yield { stream, type: 'EdgesAdded', data: added };
    if (edge !== 'blocks') continue;
    const linked: UnitsLinked = { units: rangesOf(chunk.map(([, dependent]) => dependent)), links: chunk };
    yield { stream, type: 'UnitsLinked', data: linked };
  }
}
