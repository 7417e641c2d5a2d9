import { ref, streamName } from '#ledger/ref.js';
import type { BlobReference } from '../work-events.js';

/** Stream of all that is known of cache files and of requests that operators look after. */
export const CACHE_STREAM = streamName('directory', ref('panda', 'main', 'cache'));

/** Beginnings of keys of blobs. */
export const CACHE_BLOBS = { file: 'panda-cache/', request: 'panda-request/' } as const;

/** A sandbox as it is found again by its content (contract 7.4, 7.5). Host and file name it. */
export interface Registration {
  /** The server that has the file, as its clients name it: `host` or `host:port`. */
  readonly host: string;
  readonly file_name: string;
  readonly user_name: string;
  /** Bytes. */
  readonly file_size: number;
  /** Null when the file is too short to have one; then nothing finds it. */
  readonly checksum: string | null;
}

const OPERATOR_REQUEST_KINDS = ['file_recovery', 'workflow', 'event_picking'] as const;
export type OperatorRequestKind = (typeof OPERATOR_REQUEST_KINDS)[number];

export const isOperatorRequestKind = (word: string): word is OperatorRequestKind =>
  OPERATOR_REQUEST_KINDS.some((kind) => kind === word);

/**
 * Events of the stream {@link CACHE_STREAM}; written and read by `datasets`. `path` is what follows `/cache/` in the URL of a file: a name,
 * or `jedilog/<name>`.
 */
export interface CacheEvents {
  /** A file was stored in place of the one that had its path, if there was one. */
  readonly CacheFileStored: {
    readonly path: string;
    /** Compact name of who has sent it. */
    readonly owner: string;
    readonly blob: BlobReference;
    /** Of sandboxes that are registered. It replaces the owner's own registration of that host and file. */
    readonly registration?: Registration;
  };
  /** A file got longer. A file that did not exist begins with it. */
  readonly CacheFileAppended: { readonly path: string; readonly owner: string; readonly blob: BlobReference };
  /** Somebody used a file. Files that nobody touches expire. */
  readonly CacheFileTouched: { readonly path: string };
  /** A file was deleted. */
  readonly CacheFileDeleted: { readonly path: string };
  /** A file of some server was registered, whether it is known here or not. */
  readonly CacheFileRegistered: { readonly registration: Registration };
  /** Files, and registrations that belong to no file of this server, were deleted because they were too old. Registrations of the files go with them. */
  readonly CacheFilesExpired: {
    readonly paths: readonly string[];
    readonly registrations: readonly Pick<Registration, 'host' | 'file_name'>[];
  };
  /** Somebody asked for something that operators have to do, as Cairn does not. */
  readonly OperatorRequestMade: {
    readonly request_id: string;
    readonly kind: OperatorRequestKind;
    readonly user_name: string;
    readonly task_id?: number;
    /** Raw JSON of what was sent. */
    readonly blob: BlobReference;
  };
}
