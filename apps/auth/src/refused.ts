import { DomainError, type DomainErrorValue } from '#platform/domain-error.js';

/** A refusal as handlers answer it. */
export const refused = (error: DomainError): { readonly error: DomainErrorValue } => ({ error: error.toValue() });
