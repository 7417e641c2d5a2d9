import type { FastifyReply, FastifyRequest, preHandlerHookHandler } from 'fastify';
import { Readable } from 'node:stream';
import type { Bus } from '#bus/bus.js';
import { DomainError } from '#platform/domain-error.js';
import type { Log } from '#platform/logging.js';
import type { StoredBlob } from '#storage/blob-store.js';
import { BodyAccount, type BodyBudget } from '../body/body-budget.js';
import { payerOf } from '../body/payer.js';
import { type BodyReading, dropRest, readBody, tooLarge } from '../body/read-body.js';
import type { SlowBodies } from '../body/slow-bodies.js';
import { HttpError } from '../edge/request-error.js';
import type { SendError } from '../edge/send-error.js';
import { authorize, errorAfterAuthorization, isForeign, needsLease } from './authorization.js';
import { requireUsableKey } from './idempotency-key.js';
import { contextOf } from './message-context.js';
import { RequestSource } from './request-source.js';
import type { AnyRoute } from './route.js';
import type { Received, Uploads } from './uploads.js';

interface Needs {
  readonly bus: Bus;
  readonly uploads: Uploads;
  readonly budget: BodyBudget;
  readonly slowBodies: SlowBodies;
  readonly log: Log;
  readonly sendError: SendError;
}

/** Reads what controllers get: the validated fields of the request and the context of its messages. */
export const requestReading = ({ bus, uploads, budget, slowBodies, log, sendError }: Needs): preHandlerHookHandler => {
  /** The upload of a rejected request is not referenced; should deleting it fail, garbage collection finds it later. */
  const discard = (blob: StoredBlob): void => {
    uploads
      .discard(blob)
      .catch((error: unknown) => log.warn({ error, key: blob.key }, 'an upload could not be deleted'));
  };

  const receive = async (stream: Readable, { upload }: AnyRoute, reading: BodyReading): Promise<Received> =>
    upload === undefined ? { body: await readBody(stream, reading) } : uploads.receive(upload, stream, reading);

  return (request: FastifyRequest, reply: FastifyReply, done) => {
    const { route, dialect, caller, bodyLimits: limits } = request;
    if (request.routeOptions.config.protocol !== undefined) {
      done();
      return;
    }
    if (route === null || dialect === null || caller === null || limits === null) {
      // The hooks before let no such request pass.
      sendError(request, reply, new HttpError(404, 'Not Found'));
      return;
    }
    const contextNow = () => contextOf(dialect, route, caller, request);
    const refuse = (error: unknown, source: RequestSource): void => {
      void errorAfterAuthorization(error, bus, dialect, route, source, contextNow()).then((first) =>
        sendError(request, reply, first),
      );
    };
    const read = (): void => {
      const source = new RequestSource(request);
      if (isForeign(route, source, caller)) {
        sendError(request, reply, new DomainError('forbidden', 'auth.foreign', 'unauthorized'));
        return;
      }
      try {
        requireUsableKey(request);
        request.call = { input: route.read(source), context: contextNow() };
      } catch (error) {
        if (request.upload !== null) discard(request.upload);
        refuse(error, source);
        return;
      }
      if (!needsLease(route, caller)) {
        done();
        return;
      }
      authorize(bus, dialect, route, source, contextNow()).then(
        () => done(),
        (error: unknown) => sendError(request, reply, error),
      );
    };
    const { body } = request;
    if (!(body instanceof Readable)) {
      read();
      return;
    }
    if (Number(request.headers['content-length']) > limits.bytesMax) {
      dropRest(body);
      sendError(request, reply, tooLarge());
      return;
    }
    const { params, query, url } = request;
    const withoutBody = () => new RequestSource({ params, query, url, body: null });
    receive(body, route, {
      limits,
      account: new BodyAccount(budget, payerOf(request), reply.raw),
      authorize: () => authorize(bus, dialect, route, withoutBody(), contextNow()),
    }).then(
      (received) => {
        slowBodies.done(request.raw);
        request.body = received.body;
        request.upload = received.blob ?? null;
        read();
      },
      (error: unknown) => refuse(error, withoutBody()),
    );
  };
};
