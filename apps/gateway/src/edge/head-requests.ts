import type { onSendHookHandler } from 'fastify';
import { Readable } from 'node:stream';

/** HEAD is served by the route of GET. A body that would be streamed is not made: Fastify would read it to its end. */
export const withoutStreamForHead: onSendHookHandler = (request, _reply, payload, done) => {
  if (request.method !== 'HEAD' || !(payload instanceof Readable)) {
    done(null, payload);
    return;
  }
  payload.destroy();
  done(null, Readable.from([]));
};
