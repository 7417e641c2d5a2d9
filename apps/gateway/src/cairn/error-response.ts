import { STATUS_CODES } from 'node:http';
import type { ErrorKind } from '#platform/domain-error.js';
import type { ErrorResponse, RequestError } from '../edge/request-error.js';

const STATUS: Readonly<Record<ErrorKind, number>> = {
  invalid: 400,
  state: 409,
  unauthenticated: 401,
  forbidden: 403,
  'not-found': 404,
  conflict: 409,
  internal: 500,
  unavailable: 503,
};

/** Cairn's own API answers problem details (RFC 9457); clients may branch on `type`. */
export const cairnErrorResponse = ({ kind, code, message, status = STATUS[kind] }: RequestError): ErrorResponse => {
  const title = STATUS_CODES[status] ?? 'Error';
  return {
    status,
    reason: title,
    contentType: 'application/problem+json; charset=UTF-8',
    body: JSON.stringify({ type: `urn:cairn:error:${code}`, title, status, detail: message }),
  };
};
