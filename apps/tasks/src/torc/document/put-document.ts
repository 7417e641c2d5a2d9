import { membersOf, objectText } from '#contracts/raw-json.js';
import { COLLECTIONS, type PlainCollectionName } from '#contracts/torc/collections.js';
import type { DocumentReply, PutDocumentRequest } from '#contracts/torc/documents.js';
import { revisionText } from '#contracts/torc/ids.js';
import type { Decision } from '#event-sourcing/command.js';
import { torcErrors } from '../torc-errors.js';
import type { TorcView } from '../view.js';
import { documentReplaced } from './document-events.js';
import { documentText } from './document-rows.js';
import { refuseHuge } from './size-limit.js';

/** The document with fields replaced whole; the others stay (Torc contract 1.8). */
const mergeShallowly = (document: string, fields: string): string =>
  objectText(new Map([...membersOf(document), ...membersOf(fields)]));

/** `PUT /workflows/{workflow}/<collection>/{key}`, of all collections but jobs. */
export const putDocument = (
  view: Pick<TorcView, 'workflow' | 'document'>,
  request: PutDocumentRequest & { readonly collection: PlainCollectionName },
): Decision<DocumentReply> => {
  const { collection, key, rev, request_digest: digest } = request;
  const { noun } = COLLECTIONS[collection];
  const workflow = view.workflow(request.workflow);
  if (workflow === undefined) return torcErrors.noWorkflow(request.workflow);
  const stored = view.document(workflow, collection, key);
  if (stored === undefined) return torcErrors.noDocument(noun, key, workflow.key);
  const isRepeat = stored.requestDigest === digest;
  if (isRepeat) return { events: [], reply: { document: documentText(workflow, collection, stored) } };
  const current = revisionText(stored.ordinal, stored.writes);
  if (rev !== current) return torcErrors.changed(noun, key, current);
  const document = mergeShallowly(stored.document, request.fields);
  const refusal = refuseHuge(document);
  if (refusal !== undefined) return refusal;
  const { ordinal } = stored;
  return {
    events: documentReplaced(workflow.stream, { collection, ordinal, document, request_digest: digest }),
    reply: { document: documentText(workflow, collection, { ...stored, document, writes: stored.writes + 1 }) },
  };
};
