import { AccessDeniedError, InvalidArgumentError, MaxAppendSizeExceededError } from '@eventstore/db-client';
import { AppendTooLarge, LedgerUnavailable, OutcomeUnknown } from './errors.js';
import { APPEND_BYTES_MAX } from './ledger.js';

/** Errors that trying again does not cure. */
export const isPermanent = (error: unknown): error is Error =>
  error instanceof AccessDeniedError || error instanceof InvalidArgumentError;

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
