import type { Action } from './actions.js';
import type { BlobReference } from '../work-events.js';

/** Somebody asked for work that takes longer than an answer (IceProd contract 16). */
export interface RequestQueued {
  readonly request_id: string;
  readonly action: Action;
  /** Absent when the work concerns no dataset yet, or all of them. */
  readonly dataset_id?: string;
  /** Raw JSON of the arguments with defaults, or its place in the blob store when over 128 KiB. */
  readonly arguments: { readonly raw: string } | { readonly blob: BlobReference };
  readonly creator: string;
  readonly role: string;
  /** Groups of the creator's token. Old requests have none. */
  readonly groups?: readonly string[];
  /** The account of that token, and when it was issued. Absent when a service made the request by itself, and in old requests. */
  readonly token?: { readonly subject: string; readonly issued_at_ms: number };
}

/** Events of streams `directory-iceprod.requests.<request_id>`; written and read by `datasets`. */
export interface RequestEvents {
  readonly RequestQueued: RequestQueued;
  /** Work on the request has begun, or goes on after an interruption. */
  readonly RequestStarted: { readonly request_id: string };
  /** Work on the request stops until the next start: the process ended in an orderly way. A process that ends otherwise leaves a started request behind: it was interrupted. */
  readonly RequestPaused: { readonly request_id: string };
  /** Which jobs a materialization makes was settled once, so that another attempt makes nothing else. */
  readonly JobsPlanned: {
    readonly request_id: string;
    readonly dataset_id: string;
    readonly from: number;
    readonly to: number;
  };
  /** A part of the request was carried out. */
  readonly RequestProgressed: { readonly request_id: string; readonly progress: number };
  /** The request was carried out. `results` is raw JSON of what it came to. */
  readonly RequestCompleted: { readonly request_id: string; readonly results: string };
  /** The request could not be carried out. */
  readonly RequestFailed: { readonly request_id: string; readonly message: string };
}
