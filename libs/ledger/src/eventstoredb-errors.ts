import { AccessDeniedError, MaxAppendSizeExceededError } from '@eventstore/db-client';
import { status } from '@grpc/grpc-js';
import { AppendTooLarge, LedgerUnavailable, OutcomeUnknown } from './errors.js';
import { APPEND_BYTES_MAX } from './ledger.js';

/** Codes with which a server says that it has done nothing, and never will: among them, that a stream was deleted for good. */
const REFUSALS: ReadonlySet<unknown> = new Set([
  status.INVALID_ARGUMENT,
  status.FAILED_PRECONDITION,
  status.UNIMPLEMENTED,
]);

/** Errors that trying again does not cure. */
export const isPermanent = (error: unknown): error is Error =>
  error instanceof AccessDeniedError || (error instanceof Error && 'code' in error && REFUSALS.has(error.code));

/**
 * The server reads `$all` only from where an event begins. 24.2 and newer say that no event begins there; older ones only that
 * the reading failed.
 */
const NO_EVENT_BEGINS = /invalid position|Unexpected (?:Filtered)?ReadAllResult: Error/;

/** Whether the server could not read from a position because no event begins there. */
export const isNoPosition = (error: unknown): boolean => error instanceof Error && NO_EVENT_BEGINS.test(error.message);

/**
 * Errors with which the server says that it did not append; after all others nobody knows. A node that is no longer the
 * leader is among those on purpose: the client goes to the new one, and what is not known is sent again.
 */
export const appendError = (stream: string, error: unknown): Error => {
  if (error instanceof MaxAppendSizeExceededError) {
    return new AppendTooLarge(stream, APPEND_BYTES_MAX, error.maxAppendSize);
  }
  if (isPermanent(error)) return new LedgerUnavailable(stream, 'the server refuses', error);
  return new OutcomeUnknown(stream, error);
};
