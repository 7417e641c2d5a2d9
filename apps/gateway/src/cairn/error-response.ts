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
  'too-large': 413,
  internal: 500,
  unavailable: 503,
};

/** Tells callers whose token has none of the roles of a route what it lacks. */
const detailOf = (message: string, details: RequestError['details']): string => {
  const roles = details?.['roles'];
  return Array.isArray(roles) ? `${message}: this needs a token with the role ${roles.join(' or ')}` : message;
};

/** Cairn's own API answers problem details (RFC 9457); clients may branch on `type`. */
export const cairnErrorResponse = ({
  kind,
  code,
  message,
  details,
  status = STATUS[kind],
}: RequestError): ErrorResponse => {
  const title = STATUS_CODES[status] ?? 'Error';
  return {
    status,
    reason: title,
    contentType: 'application/problem+json; charset=UTF-8',
    body: JSON.stringify({ type: `urn:cairn:error:${code}`, title, status, detail: detailOf(message, details) }),
  };
};
