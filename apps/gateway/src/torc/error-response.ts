import { STATUS_CODES } from 'node:http';
import type { ErrorKind } from '#platform/domain-error.js';
import type { ErrorResponse, RequestError } from '../edge/request-error.js';

const STATUS: Readonly<Record<ErrorKind, number>> = {
  invalid: 400,
  state: 400,
  unauthenticated: 401,
  forbidden: 403,
  'not-found': 404,
  conflict: 409,
  'too-large': 413,
  internal: 500,
  unavailable: 503,
};

/** Torc contract 1.7. `errorNum` is the status, unless the service named another. */
export const torcErrorResponse = (error: RequestError): ErrorResponse => {
  const { message, details, status = STATUS[error.kind] } = error;
  const errorNum = typeof details?.['errorNum'] === 'number' ? details['errorNum'] : status;
  return {
    status,
    reason: STATUS_CODES[status] ?? 'Error',
    contentType: 'application/json; charset=UTF-8',
    body: JSON.stringify({ error: true, errorNum, errorMessage: message, code: status }),
  };
};
