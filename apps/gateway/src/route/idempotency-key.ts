import type { FastifyRequest } from 'fastify';
import { createHash, hash } from 'node:crypto';
import type { Caller } from '#bus/contract.js';
import { pathOf } from '../edge/url-path.js';
import { invalid } from './request-source.js';

const IDEMPOTENCY_KEY = /^[\x21-\x7e]{1,255}$/;

export const keyOf = ({ headers }: FastifyRequest): string | undefined => {
  const key = headers['idempotency-key'];
  return typeof key === 'string' && IDEMPOTENCY_KEY.test(key) ? key : undefined;
};

/** A key that cannot serve is not passed over: the client would repeat in the belief that nothing happens twice. */
export const requireUsableKey = (request: FastifyRequest): void => {
  const { route, headers } = request;
  if (route?.method === 'GET' || (headers['idempotency-key'] ?? '') === '' || keyOf(request) !== undefined) return;
  throw invalid('Idempotency-Key must be 1 to 255 visible ASCII characters');
};

/** A client that may have to repeat a request names it, and it is carried out once. Names count per account, method and path. */
export const commandIdOf = ({ method, url }: FastifyRequest, caller: Caller, key: string): string =>
  hash('sha256', `${caller.subject}\n${method} ${pathOf(url)}\n${key}`);

/** Of all that a named request says besides its path. */
export const requestHashOf = ({ url, body, upload }: FastifyRequest): string => {
  const of = createHash('sha256').update(`${url.slice(pathOf(url).length)}\n${upload?.sha256 ?? ''}\n`);
  return (body instanceof Uint8Array ? of.update(body) : of).digest('base64url');
};
