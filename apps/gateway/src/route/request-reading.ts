import type { FastifyReply, FastifyRequest, preHandlerHookHandler } from 'fastify';
import { Readable } from 'node:stream';
import type { Bus } from '#bus/bus.js';
import { DomainError } from '#platform/domain-error.js';
import type { Log } from '#platform/logging.js';
import type { StoredBlob } from '#storage/blob-store.js';
import { HttpError } from '../edge/request-error.js';
import type { SendError } from '../edge/send-error.js';
import { authorize, errorAfterAuthorization, isForeign, needsLease } from './authorization.js';
import { requireUsableKey } from './idempotency-key.js';
import { contextOf } from './message-context.js';
import { RequestSource } from './request-source.js';
import type { Uploads } from './uploads.js';

/** Reads what controllers get: the validated fields of the request and the context of its messages. */
export const requestReading = (bus: Bus, uploads: Uploads, log: Log, sendError: SendError): preHandlerHookHandler => {
  /** The upload of a rejected request is not referenced; should deleting it fail, garbage collection finds it later. */
  const discard = (blob: StoredBlob): void => {
    uploads
      .discard(blob)
      .catch((error: unknown) => log.warn({ error, key: blob.key }, 'an upload could not be deleted'));
  };

  return (request: FastifyRequest, reply: FastifyReply, done) => {
    const { route, dialect, caller } = request;
    if (route === null || dialect === null || caller === null) {
      // The hooks before let no such request pass.
      sendError(request, reply, new HttpError(404, 'Not Found'));
      return;
    }
    const contextNow = () => contextOf(dialect, route, caller, request);
    const read = (): void => {
      const context = contextNow();
      const source = new RequestSource(request);
      if (isForeign(route, source, caller)) {
        sendError(request, reply, new DomainError('forbidden', 'auth.foreign', 'unauthorized'));
        return;
      }
      try {
        requireUsableKey(request);
        request.call = { input: route.read(source), context };
      } catch (error) {
        if (request.upload !== null) discard(request.upload);
        void errorAfterAuthorization(error, bus, dialect, route, source, context).then((first) =>
          sendError(request, reply, first),
        );
        return;
      }
      if (!needsLease(route, caller)) {
        done();
        return;
      }
      authorize(bus, dialect, route, source, context).then(
        () => done(),
        (error: unknown) => sendError(request, reply, error),
      );
    };
    const { body } = request;
    if (route.upload === undefined || !(body instanceof Readable)) {
      read();
      return;
    }
    // A large upload of a caller who may not store it ends before anything is stored.
    const mayStore = () => authorize(bus, dialect, route, new RequestSource(request), contextNow());
    uploads.receive(route.upload, body, mayStore).then(
      (received) => {
        request.body = received.body;
        request.upload = received.blob ?? null;
        read();
      },
      (error: unknown) => sendError(request, reply, error),
    );
  };
};
