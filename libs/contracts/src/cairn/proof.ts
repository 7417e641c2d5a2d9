import { command, type Nothing, type Page, query } from '#bus/contract.js';
import type { CheckpointJwk } from '#ledger/proof/checkpoint.js';

/** What is recorded in `CHECKPOINTS_STREAM`. */
export interface CheckpointEvents {
  /** The first events of the ledger were summed up and signed, so that nobody can change or remove them unnoticed. */
  readonly CheckpointSigned: {
    /** From 1 on. */
    readonly number: number;
    /** How many events of the ledger it covers. */
    readonly events: number;
    /** How many streams they are in. */
    readonly streams: number;
    /** Merkle root over the heads of the streams: SHA-256 in hex. */
    readonly root: string;
    /** Running SHA-256 over the hashes of all events in the order of the ledger, in hex. */
    readonly log: string;
    /** SHA-256 of the text of the checkpoint before it, in hex; zeros for the first. */
    readonly previous: string;
    /** UTC with microseconds and `Z`. */
    readonly time: string;
    /** Id of the key that has signed it: the thumbprint (RFC 7638) of its public half. */
    readonly key: string;
    /** Its public half: `x` of an Ed25519 JWK. */
    readonly public_key: string;
    /** Ed25519 over the text of the checkpoint, in base64url. */
    readonly signature: string;
  };
}

/** Signs a checkpoint of everything that the ledger holds now. Replies it as raw JSON. */
export const SignCheckpoint = command<Nothing, { readonly document: string }>('events', 'checkpoints.sign');

/** Newest first, as raw JSON each. */
export const ListCheckpoints = query<{ readonly cursor?: string; readonly limit: number }, Page>(
  'events',
  'checkpoints.list',
);

/** As `cairn checkpoint export` prints it: raw JSON. Without a number, the last one. */
export const ReadCheckpoint = query<{ readonly number?: number }, { readonly document: string }>(
  'events',
  'checkpoints.read',
);

/** Public halves of all keys that have signed checkpoints or records of replaced names, the newest first. */
export const ListCheckpointKeys = query<Nothing, { readonly keys: readonly CheckpointJwk[] }>(
  'events',
  'checkpoints.keys',
);

/** How far the verification of the history has come; begins one unless one runs or has just ended. Replies raw JSON. */
export const VerifyHistory = query<Nothing, { readonly document: string }>('events', 'history.verify');
