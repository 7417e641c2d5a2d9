import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import type { Log } from '#platform/logging.js';
import { clientOf } from '#platform/network-client.js';
import { networkCheck } from '#platform/networks.js';
import type { Dialect } from '../dialect.js';
import { endWith, responseOf } from './connection-errors.js';
import { HttpError } from './request-error.js';
import type { SendError } from './send-error.js';

/** Refusals are logged at most this often, with their number. */
const LOG_MS = 10_000;

const RETRY_AFTER = { 'retry-after': '1' };

/** Counts how often each key is in use. */
class Counts {
  private readonly counts = new Map<string, number>();

  of(key: string): number {
    return this.counts.get(key) ?? 0;
  }

  add(key: string): void {
    this.counts.set(key, this.of(key) + 1);
  }

  remove(key: string): void {
    const left = this.of(key) - 1;
    if (left > 0) this.counts.set(key, left);
    else this.counts.delete(key);
  }
}

export interface ConnectionLimits {
  readonly max: number;
  readonly perAddressMax: number;
  /** Addresses and networks of proxies, as in the setting `TRUSTED_PROXIES`. */
  readonly trustedProxies: readonly string[];
}

/**
 * Bounds the connections that are open at a time, in all and of each client's address. The connections of a trusted proxy
 * carry the requests of many: there the bound of an address is the number of its requests in flight.
 *
 * What is refused gets an answer and ends before anything is read.
 */
export const limitConnections = (
  instance: FastifyInstance,
  { max, perAddressMax, trustedProxies }: ConnectionLimits,
  dialect: Dialect,
  log: Log,
  sendError: SendError,
): void => {
  const isProxy = networkCheck(trustedProxies);
  let refused = 0;
  let loggedMs = -Infinity;
  const logRefusal = (reason: string): void => {
    refused += 1;
    if (performance.now() - loggedMs < LOG_MS) return;
    log.warn({ refused, reason }, 'connections were refused');
    loggedMs = performance.now();
    refused = 0;
  };

  const connections = new Counts();
  let open = 0;
  const refusalOf = (client: string | undefined): readonly [status: number, reason: string] | undefined => {
    if (open >= max) return [503, 'server overloaded'];
    if (client !== undefined && connections.of(client) >= perAddressMax) return [429, 'too many connections'];
    return undefined;
  };
  const count = (socket: Socket, client: string | undefined): void => {
    open += 1;
    if (client !== undefined) connections.add(client);
    socket.once('close', () => {
      open -= 1;
      if (client !== undefined) connections.remove(client);
    });
  };
  interceptConnections(instance.server, (socket) => {
    const { remoteAddress = '' } = socket;
    const client = isProxy(remoteAddress) ? undefined : clientOf(remoteAddress);
    const refusal = refusalOf(client);
    if (refusal === undefined) {
      count(socket, client);
      return true;
    }
    logRefusal(refusal[1]);
    // A client that breaks off while it is refused is no error.
    socket.on('error', () => undefined);
    endWith(socket, responseOf(dialect, ...refusal), RETRY_AFTER);
    socket.destroySoon();
    return false;
  });

  if (trustedProxies.length === 0) return;
  const requests = new Counts();
  instance.addHook('onRequest', (request: FastifyRequest, reply: FastifyReply, done) => {
    const { ip, socket } = request;
    if (ip === socket.remoteAddress) {
      done();
      return;
    }
    const client = clientOf(ip);
    if (requests.of(client) >= perAddressMax) {
      logRefusal('too many requests');
      sendError(request, reply, new HttpError(429, 'too many requests at a time', RETRY_AFTER));
      return;
    }
    requests.add(client);
    reply.raw.once('close', () => requests.remove(client));
    done();
  });
};

/** Lets the server see only the connections that `accept` takes. */
const interceptConnections = (server: Server, accept: (socket: Socket) => boolean): void => {
  const listeners = server.listeners('connection');
  server.removeAllListeners('connection');
  server.on('connection', (socket: Socket) => {
    if (!accept(socket)) return;
    for (const listener of listeners) listener.call(server, socket);
  });
};
