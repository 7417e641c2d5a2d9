/** The broken expectation in one word; each dialect maps it to its own status and body, once. */
export type ErrorKind =
  | 'invalid'
  | 'unauthenticated'
  | 'forbidden'
  | 'not-found'
  | 'conflict'
  | 'state'
  | 'too-large'
  | 'unavailable'
  | 'internal';

/** A {@link DomainError} as it crosses the bus. */
export interface DomainErrorValue {
  readonly kind: ErrorKind;
  readonly code: string;
  readonly message: string;
  readonly details?: Readonly<Record<string, unknown>>;
}

/**
 * A refusal: nothing was appended. Deciders return it as a value, the bus carries it as a {@link DomainErrorValue},
 * a dialect's edge turns it into an answer.
 *
 * `code` is stable and machine-readable (`task.not-found`), `message` is the text a dialect shows.
 */
export class DomainError extends Error {
  override readonly name = 'DomainError';

  constructor(
    readonly kind: ErrorKind,
    readonly code: string,
    message: string,
    readonly details?: Readonly<Record<string, unknown>>,
  ) {
    super(message);
  }

  toValue(): DomainErrorValue {
    const { kind, code, message, details } = this;
    return details === undefined ? { kind, code, message } : { kind, code, message, details };
  }

  static from({ kind, code, message, details }: DomainErrorValue): DomainError {
    return new DomainError(kind, code, message, details);
  }
}

/** What a promise comes to, a refusal as a value. */
export const refusalOf = async <Value>(promise: Promise<Value>): Promise<Value | DomainError> => {
  try {
    return await promise;
  } catch (error) {
    if (error instanceof DomainError) return error;
    throw error;
  }
};
