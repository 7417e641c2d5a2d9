import { command, type Page, query } from '#bus/contract.js';
import type { CollectionName, PlainCollectionName } from './collections.js';
import type { EdgeName } from './edges.js';

/** A reply that is a document as clients get it: raw JSON with `_key`, `_id` and `_rev`. */
export interface DocumentReply {
  readonly document: string;
}

/** Names a document. `key` is the key, not the full id. */
export interface DocumentRequest {
  readonly workflow: string;
  readonly collection: CollectionName | EdgeName;
  readonly key: string;
}

/** A filter on a top-level field: its value as raw JSON. */
export type Filters = Readonly<Record<string, string>>;

/** Paging of Torc contract 1.6. */
export interface Paging {
  readonly skip: number;
  readonly limit: number;
}

export interface ListDocumentsRequest extends Paging {
  readonly workflow: string;
  readonly collection: CollectionName | EdgeName;
  readonly filters: Filters;
  readonly sort_by?: string;
  readonly reverse_sort?: boolean;
  readonly cursor?: string;
}

/** A page of a list of Torc contract 1.6. `entries` are documents. */
export interface TorcListPage extends Page {
  /** Documents that match, before paging. On the first page; later ones may leave it out. */
  readonly total_count?: number;
}

/** A document of a new version, which replaces fields of the stored one (Torc contract 1.8). */
export interface PutDocumentRequest extends DocumentRequest {
  readonly collection: CollectionName;
  /** Raw JSON of the fields to replace, defaults filled in, without `_key`, `_id`, `_rev`. */
  readonly fields: string;
  readonly rev: string;
  /** Digest of path, body and address of the client: recognizes a repeat (D32). */
  readonly request_digest: string;
}

export interface DeleteDocumentRequest extends DocumentRequest {
  /** Address of the client, as the access layer sees it. */
  readonly client: string;
}

/** Kinds of refusal: `not-found` 404; `invalid` and `state` 400, with `details.errorNum` where the contract gives one; `conflict` 409. */
export const GetDocument = query<DocumentRequest, DocumentReply>('tasks', 'torc.document.get');
export const ListDocuments = query<ListDocumentsRequest, TorcListPage>('tasks', 'torc.document.list');
export const StoreDocument = command<
  {
    readonly workflow: string;
    readonly collection: PlainCollectionName;
    /** Raw JSON, validated, defaults filled in, without `_key`, `_id`, `_rev`. */
    readonly document: string;
    /** A key that the caller chose. */
    readonly key?: string;
  },
  DocumentReply
>('tasks', 'torc.document.store');
/** Of jobs: without `internal` it stays; `status` may become any, with no effect on other jobs (Torc contract 2.10). */
export const PutDocument = command<PutDocumentRequest, DocumentReply>('tasks', 'torc.document.put');
/** Deletes a document or an edge, and every edge at it. */
export const DeleteDocument = command<DeleteDocumentRequest, DocumentReply>('tasks', 'torc.document.delete');
export const DeleteDocuments = command<
  { readonly workflow: string; readonly collection: CollectionName | EdgeName },
  { readonly count: number }
>('tasks', 'torc.document.delete-all');

export interface NewEdgeRequest {
  readonly workflow: string;
  readonly edge: EdgeName;
  /** Full ids. */
  readonly from: string;
  readonly to: string;
  /** Raw JSON of an object. */
  readonly data?: string;
  readonly key?: string;
}

export const StoreEdge = command<NewEdgeRequest, DocumentReply>('tasks', 'torc.edge.store');

export interface JoinByEdgeRequest extends Paging {
  readonly workflow: string;
  readonly collection: CollectionName;
  readonly edge: EdgeName;
  readonly direction: 'inbound' | 'outbound';
  /** Dotted names reach into objects. */
  readonly filters: Filters;
  readonly cursor?: string;
}

/** Rows of Torc contract 5.15: raw JSON of `{from, to, edge}`. */
export const JoinByEdge = query<JoinByEdgeRequest, TorcListPage>('tasks', 'torc.edge.join');

export interface ListEventsAfterRequest {
  readonly workflow: string;
  /** Milliseconds since the Unix epoch; may have a fraction. */
  readonly after: number;
  readonly category?: string;
  readonly limit: number;
  readonly cursor?: string;
}

/** Torc contract 5.13: oldest first. */
export const ListEventsAfter = query<ListEventsAfterRequest, TorcListPage>('tasks', 'torc.event.list-after');
export const GetLatestEventTime = query<{ readonly workflow: string }, { readonly timestamp: number | null }>(
  'tasks',
  'torc.event.latest-time',
);
