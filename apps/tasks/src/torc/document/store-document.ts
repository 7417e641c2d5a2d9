import { DomainError } from '#platform/domain-error.js';
import { COLLECTIONS, type PlainCollectionName } from '#contracts/torc/collections.js';
import type { DocumentReply } from '#contracts/torc/documents.js';
import type { EdgeName } from '#contracts/torc/edges.js';
import { membersOf, objectText } from '#contracts/raw-json.js';
import type { DecidedEvent, Decision } from '#event-sourcing/command.js';
import { torcErrors } from '../torc-errors.js';
import type { TorcView, Workflow } from '../view.js';
import { documentStored } from './document-events.js';
import { documentText } from './document-rows.js';
import { refuseHuge } from './size-limit.js';

type StoreView = Pick<TorcView, 'workflow' | 'document' | 'isKeyUsed'>;

/** A document as a caller sends it. */
export interface NewDocument {
  /** Raw JSON with defaults filled in, without `_key`, `_id`, `_rev`. */
  readonly document: string;
  readonly key?: string;
}

/** The next ordinal of a collection, from `first` on: passes over those whose text is a key that a caller chose. */
export const freeOrdinal = (
  view: Pick<TorcView, 'isKeyUsed'>,
  workflow: Workflow,
  collection: PlainCollectionName | 'jobs' | EdgeName,
  first = workflow.nextOrdinal,
): number => {
  let ordinal = first;
  while (view.isKeyUsed(workflow, collection, String(ordinal))) ordinal += 1;
  return ordinal;
};

/** The server sets the time of an event; times of one workflow are strictly increasing (Torc contract 2.8, D40). */
const withServerTime = (document: string, { lastEventMs }: Workflow, timeMicros: number): string =>
  objectText(membersOf(document).set('timestamp', String(Math.max(Math.floor(timeMicros / 1000), lastEventMs + 1))));

/** The events that store a new document, and what clients get. */
export const newDocument = (
  view: StoreView,
  workflow: Workflow,
  collection: PlainCollectionName,
  { document: sent, key }: NewDocument,
  timeMicros: number,
): { readonly events: readonly DecidedEvent[]; readonly ordinal: number; readonly text: string } | DomainError => {
  if (key !== undefined && view.document(workflow, collection, key) !== undefined) {
    return torcErrors.keyTaken(COLLECTIONS[collection].noun, key);
  }
  const document = collection === 'events' ? withServerTime(sent, workflow, timeMicros) : sent;
  const refusal = refuseHuge(document);
  if (refusal !== undefined) return refusal;
  const ordinal = key === undefined ? freeOrdinal(view, workflow, collection) : workflow.nextOrdinal;
  return {
    ordinal,
    events: documentStored(workflow.stream, { collection, ordinal, key, document }),
    text: documentText(workflow, collection, { ordinal, key: key ?? String(ordinal), writes: 1, document }),
  };
};

/** `POST /workflows/{workflow}/<collection>`, of all collections but jobs. */
export const storeDocument = (
  view: StoreView,
  request: NewDocument & { readonly workflow: string; readonly collection: PlainCollectionName },
  timeMicros: number,
): Decision<DocumentReply> => {
  const workflow = view.workflow(request.workflow);
  if (workflow === undefined) return torcErrors.noWorkflow(request.workflow);
  const made = newDocument(view, workflow, request.collection, request, timeMicros);
  if (made instanceof DomainError) return made;
  return { events: made.events, reply: { document: made.text } };
};
