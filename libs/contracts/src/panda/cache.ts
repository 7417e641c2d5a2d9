import { command, type Page, query } from '#bus/contract.js';
import type { BlobReference } from '../work-events.js';
import type { OperatorRequestKind, Registration } from './cache-events.js';

/** Why a file is not stored: its name is in use and may not be overwritten, or another user has registered it (contract 7.3, 7.4, D28). */
export type UploadRefusal = 'exists' | 'registered';

/** What is about to be stored as a sandbox. */
export interface SandboxName {
  readonly path: string;
  readonly owner: string;
  /** As registrations name this server. */
  readonly host: string;
}

export interface StoreSandboxRequest extends SandboxName {
  readonly blob: BlobReference;
  readonly checksum: string | null;
  readonly is_registered: boolean;
}

/** A file that somebody changes. That of another user is refused as `foreign`. */
export interface ChangedFile {
  readonly path: string;
  /** Compact name of who changes it. */
  readonly owner: string;
  /** Files of others as well. */
  readonly is_production: boolean;
}

export interface StoreCacheFileRequest extends ChangedFile {
  readonly blob: BlobReference;
}

/** Key of the blob that the file has: another than the one that was sent if the request was a repeat, which must go. */
export interface StoredFile {
  readonly key: string;
}

/** A part of a file. */
export interface CachePiece {
  readonly key: string;
  /** Bytes of the file before it. */
  readonly start: number;
  readonly size: number;
}

/** Pieces of a file from the one that holds the byte `from` on. */
export interface CachePieces {
  /** Of the whole file, bytes. */
  readonly size: number;
  readonly pieces: readonly CachePiece[];
}

/**
 * Whether a sandbox may be stored, asked before it is. A name in use is touched (contract 7.3).
 * The same is decided again when it is stored.
 */
export const AdmitSandbox = command<SandboxName, { readonly refusal?: UploadRefusal }>('datasets', 'panda.cache.admit');
export const StoreSandbox = command<StoreSandboxRequest, { readonly refusal: UploadRefusal } | StoredFile>(
  'datasets',
  'panda.cache.store-sandbox',
);
/** Stores a log or checkpoint, in place of the one before. */
export const StoreCacheFile = command<StoreCacheFileRequest, { readonly refusal: 'foreign' } | StoredFile>(
  'datasets',
  'panda.cache.store',
);
/** Makes a log longer. */
export const AppendToCacheFile = command<StoreCacheFileRequest, { readonly refusal: 'foreign' } | StoredFile>(
  'datasets',
  'panda.cache.append',
);
export const TouchCacheFile = command<{ readonly path: string }, { readonly found: boolean }>(
  'datasets',
  'panda.cache.touch',
);
export const DeleteCacheFile = command<ChangedFile, { readonly refusal?: 'absent' | 'foreign' }>(
  'datasets',
  'panda.cache.delete',
);
/** Refused when another user has registered the file. */
export const RegisterCacheFile = command<{ readonly registration: Registration }, { readonly registered: boolean }>(
  'datasets',
  'panda.cache.register',
);
/** Nothing when there is no such file. A long list of pieces is answered in parts: ask again from the end of the last piece. */
export const GetCachePieces = query<{ readonly path: string; readonly from: number }, { readonly found?: CachePieces }>(
  'datasets',
  'panda.cache.pieces',
);
/** A sandbox that the user has registered in the last three days, the latest (contract 7.5). */
export const FindSandbox = query<
  { readonly user_name: string; readonly file_size: number; readonly checksum: string },
  { readonly found?: Pick<Registration, 'host' | 'file_name'> }
>('datasets', 'panda.cache.find-sandbox');

export interface OperatorRequest {
  readonly request_id: string;
  readonly kind: OperatorRequestKind;
  readonly user_name: string;
  readonly task_id?: number;
  readonly blob: BlobReference;
}

/** Keeps a request that operators have to see to. */
export const MakeOperatorRequest = command<
  Omit<OperatorRequest, 'request_id'>,
  StoredFile & { readonly request_id: string }
>('datasets', 'panda.request.make');
/** Entries are raw JSON, the latest first. */
export const ListOperatorRequests = query<
  { readonly kind?: OperatorRequestKind; readonly limit: number; readonly cursor?: string },
  Page
>('datasets', 'panda.request.list');
/** Blob of a request. */
export const GetOperatorRequest = query<{ readonly request_id: string }, { readonly found?: BlobReference }>(
  'datasets',
  'panda.request.get',
);
