import { HttpException } from '@nestjs/common';
import { DomainError, type ErrorKind } from '#platform/domain-error.js';

/** What a dialect must know about an error to answer it. */
export interface RequestError {
  readonly kind: ErrorKind;
  readonly code: string;
  readonly message: string;
  readonly details?: Readonly<Record<string, unknown>>;
  /** Set for errors of HTTP itself (body too large, unknown path): the same in every dialect. */
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
}

/** An error as a dialect answers it. `reason` becomes the reason phrase of the status line. */
export interface ErrorResponse {
  readonly status: number;
  readonly reason: string;
  readonly contentType: string;
  readonly body: string;
}

/** An error of HTTP itself (path, verb, message), independent of any dialect. */
export class HttpError extends Error {
  override readonly name = 'HttpError';

  constructor(
    readonly status: number,
    message: string,
    readonly headers: Readonly<Record<string, string>> = {},
  ) {
    super(message);
  }
}

const RETRY_AFTER_SECONDS = 1;

/** Nothing internal leaves the process: the text of an unknown error is for the log. */
const INTERNAL: RequestError = { kind: 'internal', code: 'internal', message: 'Internal Server Error' };

const statusOf = (error: unknown): number | undefined => {
  if (error instanceof HttpException) return error.getStatus();
  if (error instanceof Error && 'statusCode' in error && typeof error.statusCode === 'number') return error.statusCode;
  return undefined;
};

const retryAfter = ({ details }: DomainError): string => {
  const seconds = details?.['retryAfterSeconds'];
  return String(typeof seconds === 'number' ? seconds : RETRY_AFTER_SECONDS);
};

const fromDomainError = (error: DomainError): RequestError => {
  const { kind, code, message, details } = error;
  if (kind === 'internal') return INTERNAL;
  if (kind === 'unavailable') return { kind, code, message, headers: { 'retry-after': retryAfter(error) } };
  return { kind, code, message, ...(details !== undefined && { details }) };
};

/** Classifies whatever was thrown: known errors keep their text, unknown ones get a neutral one. */
export const requestErrorOf = (error: unknown): RequestError => {
  if (error instanceof DomainError) return fromDomainError(error);
  if (error instanceof HttpError) {
    return {
      kind: 'invalid',
      code: 'http.refused',
      message: error.message,
      status: error.status,
      headers: error.headers,
    };
  }
  const status = statusOf(error);
  if (status !== undefined && status >= 400 && status < 500 && error instanceof Error) {
    return { kind: 'invalid', code: 'http.refused', message: error.message, status };
  }
  return INTERNAL;
};
