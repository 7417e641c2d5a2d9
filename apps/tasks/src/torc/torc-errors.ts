import { DomainError } from '#platform/domain-error.js';
import { type CollectionName, COLLECTIONS } from '#contracts/torc/collections.js';
import { type EdgeName, isEdge } from '#contracts/torc/edges.js';
import { badRequest, illegalKey } from '#contracts/torc/refusals.js';

/** Of ArangoDB, which Torc's clients know by number (Torc contract 1.7). */
const DUPLICATE_KEY = 1210;

export const torcErrors = {
  noWorkflow: (key: string): DomainError =>
    new DomainError('not-found', 'torc.workflow-not-found', `workflow ${key} does not exist`),
  noDocument: (noun: string, key: string, workflow: string): DomainError =>
    new DomainError('not-found', 'torc.document-not-found', `${noun} ${key} does not exist in workflow ${workflow}`),
  changed: (noun: string, key: string, rev: string): DomainError =>
    new DomainError('conflict', 'torc.changed', `${noun} ${key} has changed: its revision is ${rev}`),
  keyTaken: (noun: string, key: string): DomainError =>
    new DomainError('invalid', 'torc.key-taken', `${noun} ${key} exists already`, { errorNum: DUPLICATE_KEY }),
  tooLarge: (most: string): DomainError =>
    new DomainError('too-large', 'request.too-large', `the document is too large: it may have at most ${most}`),
  illegalKey,
  archived: (key: string): DomainError => new DomainError('state', 'torc.archived', `workflow ${key} is archived`),
  bad: badRequest,
  badState: (message: string): DomainError => new DomainError('state', 'torc.bad-state', message),
};

/** The noun of a collection or edge, for messages. */
export const nounOf = (collection: CollectionName | EdgeName): string =>
  isEdge(collection) ? `edge ${collection}` : COLLECTIONS[collection].noun;
