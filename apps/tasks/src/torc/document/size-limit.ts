import type { DomainError } from '#platform/domain-error.js';
import { isTooLargeForEvent } from '#contracts/raw-json.js';
import { torcErrors } from '../torc-errors.js';

/** Texts that are not longer fit an event, however they are escaped. */
const SURELY_FITTING_CHARACTERS = 30_000;

/** Refuses a document that no event can hold. */
export const refuseTooLarge = (document: string): DomainError | undefined =>
  document.length > SURELY_FITTING_CHARACTERS && isTooLargeForEvent(document) ? torcErrors.tooLarge() : undefined;
