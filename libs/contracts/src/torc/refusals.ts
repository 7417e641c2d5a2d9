import { DomainError } from '#platform/domain-error.js';

/** Of ArangoDB, which Torc's clients know by number (Torc contract 1.7). */
const ILLEGAL_KEY = 1221;

/** Refuses a request that does not validate (400). */
export const badRequest = (message: string): DomainError => new DomainError('invalid', 'torc.bad-request', message);

/** Refuses a key that no document can have (Torc contract 1.5). */
export const illegalKey = (raw: string): DomainError =>
  new DomainError(
    'invalid',
    'torc.illegal-key',
    `_key ${raw.slice(0, 300)} must have 1 to 254 of the characters A-Z a-z 0-9 _ - : . @ ( ) + , = ; $ ! * ' %`,
    { errorNum: ILLEGAL_KEY },
  );
