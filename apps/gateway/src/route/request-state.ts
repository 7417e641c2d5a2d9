import type { FastifyInstance } from 'fastify';
import type { Caller } from '#bus/contract.js';
import type { StoredBlob } from '#storage/blob-store.js';
import type { BodyLimits } from '../body/body-limits.js';
import type { Dialect } from '../dialect.js';
import type { OwnProtocol } from '../edge/own-protocol.js';
import type { AnyRoute, Call } from './route.js';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The declaration behind a path and verb, from which the hooks take policy and validator. */
    readonly route?: AnyRoute;
    readonly dialect?: Dialect;
    readonly bodyLimits?: BodyLimits;
    /** What serves the path, whatever the verb. */
    readonly protocol?: OwnProtocol;
  }
  interface FastifyRequest {
    /** The declaration of the route that serves the request. */
    route: AnyRoute | null;
    dialect: Dialect | null;
    bodyLimits: BodyLimits | null;
    caller: Caller | null;
    /** A member of the body that is in the blob store already. */
    upload: StoredBlob | null;
    /** Set before a controller runs. */
    call: Call<object> | null;
  }
}

/** What the hooks find out about a request, one after the other. */
export const decorateRequests = (instance: FastifyInstance): void => {
  instance.decorateRequest('route', null);
  instance.decorateRequest('dialect', null);
  instance.decorateRequest('bodyLimits', null);
  instance.decorateRequest('caller', null);
  instance.decorateRequest('upload', null);
  instance.decorateRequest('call', null);
};
