import type { ErrorKind } from '#platform/domain-error.js';
import type { ErrorResponse, RequestError } from '../edge/request-error.js';

/** Authentication failures are 403 as well, never 401 (IceProd contract 1.2.6). */
const STATUS: Readonly<Record<ErrorKind, number>> = {
  invalid: 400,
  state: 400,
  unauthenticated: 403,
  forbidden: 403,
  'not-found': 404,
  conflict: 409,
  'too-large': 413,
  internal: 500,
  unavailable: 503,
};

export const iceprodErrorResponse = ({ kind, message, status = STATUS[kind] }: RequestError): ErrorResponse => ({
  status,
  reason: message,
  contentType: 'application/json; charset=UTF-8',
  body: JSON.stringify({ code: status, error: message }),
});
