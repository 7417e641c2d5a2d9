import type { DomainError } from '#platform/domain-error.js';
import { isTooLargeForEvent } from '#contracts/raw-json.js';
import { torcErrors } from '../torc-errors.js';

/** Texts that are not longer fit an event, however they are escaped. */
const SURELY_FITTING_CHARACTERS = 30_000;

/** Characters of a document that may take several events: as large as a request may be. */
const DOCUMENT_CHARACTERS_MAX = 4 * 1024 * 1024;

/** Whether an event may be unable to hold a document. */
export const isLarge = (document: string): boolean =>
  document.length > SURELY_FITTING_CHARACTERS && isTooLargeForEvent(document);

/** Refuses a job, a config or the data of an edge that does not fit one event. */
export const refuseTooLarge = (document: string): DomainError | undefined =>
  isLarge(document) ? torcErrors.tooLarge('200 KiB as a JSON string') : undefined;

/** Refuses a document of a collection that is larger than one may become. */
export const refuseHuge = (document: string): DomainError | undefined =>
  document.length > DOCUMENT_CHARACTERS_MAX ? torcErrors.tooLarge(`${DOCUMENT_CHARACTERS_MAX} characters`) : undefined;
