import { DomainError } from '#platform/domain-error.js';

/** The work of a request cannot be done; the text is what the requester reads. */
export const failure = (text: string): DomainError => new DomainError('state', 'request.failed', text);
