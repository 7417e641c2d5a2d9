import type { FastifyRequest } from 'fastify';
import type { Caller } from '#bus/contract.js';
import type { Environment } from '#platform/environment.js';
import { networkCheck } from '#platform/networks.js';

/** Who makes a request that has no token; undefined when it needs one. */
export type LocalCallerOf = (request: FastifyRequest) => Caller | undefined;

const isLoopback = networkCheck(['loopback']);

/** Proxies say in one of these whom they speak for. */
const FORWARDED = [
  'forwarded',
  'via',
  'x-forwarded-for',
  'x-forwarded-host',
  'x-forwarded-proto',
  'x-real-ip',
] as const;

/** `Host`, with its port: a name that no server of names leads elsewhere. */
const LOOPBACK_HOST = /^(?:(?:[\w-]+\.)*localhost|127(?:\.\d{1,3}){3}|\[::1\])(?::\d+)?$/i;

/** Of browsers: requests that pages of other origins make. */
const FOREIGN_PAGES: readonly unknown[] = ['cross-site', 'same-site'];

/**
 * Whether a request was made on this machine, and not on behalf of somebody elsewhere: by a proxy, or by a web page that a browser shows here,
 * whose server may have given itself the address of this machine. Programs of this machine speak HTTP/1.1; proxies that say nothing about
 * themselves often do not.
 */
export const isLocal = ({ socket, headers, raw }: FastifyRequest): boolean =>
  isLoopback(socket.remoteAddress ?? '') &&
  LOOPBACK_HOST.test(headers.host ?? '') &&
  headers.origin === undefined &&
  !FOREIGN_PAGES.includes(headers['sec-fetch-site']) &&
  !FORWARDED.some((name) => headers[name] !== undefined) &&
  raw.httpVersion === '1.1';

/** Lets requests without a token in, where the dialect and the deployment allow it. A token that is there is always checked. */
export const localCallers =
  (environment: Environment, isEmbedded: boolean): LocalCallerOf =>
  (request) => {
    const access = request.dialect?.localAccess;
    if (access === undefined || request.headers.authorization !== undefined) return undefined;
    return access.isAllowed(environment, isEmbedded) && isLocal(request) ? access.caller : undefined;
  };
