import { STATUS_CODES } from 'node:http';
import type { ErrorKind } from '#platform/domain-error.js';
import type { ErrorResponse, RequestError } from '../../edge/request-error.js';
import { failureText, JSON_TYPE, TEXT_TYPE } from './answers.js';
import { functionNameIn } from './paths.js';

const STATUS: Readonly<Record<ErrorKind, number>> = {
  invalid: 500,
  state: 500,
  conflict: 500,
  'too-large': 500,
  'not-found': 500,
  internal: 500,
  unauthenticated: 403,
  forbidden: 403,
  unavailable: 503,
};

/** Both answer that no such function exists: whatever methods a path knows are served. */
const UNKNOWN: readonly number[] = [404, 405];
const NOT_A_FILE: readonly number[] = [...UNKNOWN, 400, 414];
const PAYLOAD_TOO_LARGE = 413;
/** They mean the same to clients: come again. */
const BUSY: readonly number[] = [429, 503];

const statusOf = ({ kind, status = STATUS[kind] }: RequestError): number => {
  if (BUSY.includes(status)) return 503;
  return status === 403 || status === 408 ? status : 500;
};

/** Areas of files, where an unknown path is a file that is missing. */
const FILES = /^\/(?:cache|trf|auth)\//;

const textResponse = (status: number, body: string): ErrorResponse => ({
  status,
  reason: STATUS_CODES[status] ?? 'Error',
  contentType: TEXT_TYPE,
  body,
});

/** Errors outside of the envelope (contract 1.8). */
export const pandaErrorResponse = (error: RequestError, path: string): ErrorResponse => {
  const { status, message } = error;
  if (status === PAYLOAD_TOO_LARGE) {
    return { status: 200, reason: 'OK', contentType: JSON_TYPE, body: failureText(message) };
  }
  // No file has a name that the router cannot read.
  if (FILES.test(path) && status !== undefined && NOT_A_FILE.includes(status)) return textResponse(404, 'not found');
  if (status !== undefined && UNKNOWN.includes(status)) {
    return textResponse(403, `ERROR : method ${functionNameIn(path)} is forbidden`);
  }
  return textResponse(statusOf(error), message);
};
