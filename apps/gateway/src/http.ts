import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import type {
  FastifyInstance,
  FastifyReply,
  FastifyRequest,
  onRequestHookHandler,
  onResponseHookHandler,
  preHandlerHookHandler,
} from 'fastify';
import { Readable } from 'node:stream';
import { Bus } from '#bus/bus.js';
import type { Caller } from '#bus/contract.js';
import type { StoredBlob } from '#storage/blob-store.js';
import { withCorrelation } from '#platform/correlation.js';
import { DomainError } from '#platform/domain-error.js';
import { Environment } from '#platform/environment.js';
import { Log } from '#platform/logging.js';
import { Metrics } from '#platform/metrics.js';
import { Admission } from './edge/admission.js';
import { correlationIdOf } from './edge/correlation-id.js';
import { crossOriginHeaders } from './edge/cross-origin.js';
import { hangUpWhenStopping } from './edge/hang-up.js';
import { PathTable } from './edge/path-table.js';
import { ProblemFilter } from './edge/problem.filter.js';
import { refuseConnection, refuseOutlandish } from './edge/refuse-connection.js';
import { HttpRefusal } from './edge/refusal.js';
import { pathOf, sendProblem } from './edge/send-problem.js';
import { tellIfSlow } from './edge/slow-requests.js';
import { requireUsableKey } from './route/idempotency-key.js';
import { isForeign, judge, judged } from './route/judgement.js';
import { contextOf } from './route/message-context.js';
import { RequestSource } from './route/request-source.js';
import type { AnyRoute } from './route/route.js';
import { UPLOAD_TYPE, Uploads } from './route/uploads.js';
import './route/serves.decorator.js';

declare module 'fastify' {
  interface FastifyRequest {
    /** The declaration of the route that serves the request. */
    route: AnyRoute | null;
    caller: Caller | null;
    /** A member of the body that is in the blob store already. */
    upload: StoredBlob | null;
  }
}

/** Largest body of a request: log uploads and bulk routes are large (IceProd contract 1.1.8). */
export const BODY_BYTES_MAX = 128 * 1024 * 1024;
/** Larger ones are read in a turn of the event loop of their own. */
const LARGE_BODY_BYTES = 256 * 1024;
/** Of whoever shows no token: logins and forms are small. */
const PUBLIC_BODY_BYTES_MAX = 64 * 1024;
/** Tokens with many groups are long, and so are lists in query strings. */
const HEADER_BYTES_MAX = 64 * 1024;
const PARAMETER_CHARACTERS_MAX = 1024;
/** A request has so long to arrive, body included. */
const REQUEST_TIMEOUT_MS = 300_000;

/** What IceProd's servers send as well (IceProd contract 1.2.7). */
const STANDARD_HEADERS = {
  server: 'IceProd/3.2 Cairn',
  'content-type': 'application/json; charset=UTF-8',
  'cache-control': 'no-store, no-cache, must-revalidate, max-age=0',
  pragma: 'no-cache',
  expires: '0',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none';",
} as const;

/** Bodies arrive as bytes, whatever their type is said to be: routes know what they take, and nobody else parses. */
class GatewayAdapter extends FastifyAdapter {
  override registerParserMiddleware(): void {
    const instance = this.getInstance();
    instance.removeAllContentTypeParsers();
    instance.addContentTypeParser('*', { parseAs: 'buffer', bodyLimit: BODY_BYTES_MAX }, (_request, body, done) => {
      // To put a large one together takes as long as to read it: others get their turn in between.
      if (body.length > LARGE_BODY_BYTES) setImmediate(done, null, body);
      else done(null, body);
    });
    instance.addContentTypeParser(UPLOAD_TYPE, (_request, stream, done) => {
      done(null, stream);
    });
  }
}

const SUB_ROUTE_OF_GROUP = /^(\/+groups\/)([^?#]+)(\/(?:credentials|exchange))(?=$|[?#])/;

/** Names of groups may hold slashes; before a sub-route they must be one segment for the router. */
const withNameAsSegment = (url: string): string =>
  url.replace(SUB_ROUTE_OF_GROUP, (_, before: string, name: string, behind: string) =>
    [before, name.replaceAll('/', '%2F'), behind].join(''),
  );

/** Fastify as all dialects need it. */
export const createHttpAdapter = ({
  TRUSTED_PROXIES,
  CORS_ORIGINS,
}: Pick<Environment, 'TRUSTED_PROXIES' | 'CORS_ORIGINS'>): FastifyAdapter => {
  const allowOrigin = crossOriginHeaders(CORS_ORIGINS);
  const adapter = new GatewayAdapter({
    trustProxy: TRUSTED_PROXIES.length > 0 && [...TRUSTED_PROXIES],
    bodyLimit: BODY_BYTES_MAX,
    exposeHeadRoutes: false,
    forceCloseConnections: 'idle',
    requestTimeout: REQUEST_TIMEOUT_MS,
    genReqId: correlationIdOf,
    http: { maxHeaderSize: HEADER_BYTES_MAX, requireHostHeader: false },
    rewriteUrl: ({ url = '/' }) => withNameAsSegment(url),
    routerOptions: { maxParamLength: PARAMETER_CHARACTERS_MAX, ignoreDuplicateSlashes: true },
    clientErrorHandler: refuseConnection,
    frameworkErrors: (error: Error, request: FastifyRequest, reply: FastifyReply) => {
      // The router could not read the URL: no hook has run.
      reply.headers(STANDARD_HEADERS);
      allowOrigin(request, reply);
      sendProblem(request, reply, error);
    },
  });
  const instance = adapter.getInstance();
  // GET may carry a JSON body with arguments (IceProd contract 1.1.3).
  instance.addHttpMethod('GET', { hasBody: true, overrideExisting: true });
  refuseOutlandish(instance.server);
  hangUpWhenStopping(instance);
  return adapter;
};

/** Clients name a content type on every request (IceProd contract 1.1.1); without a body there is nothing to wait for. */
const forgetTypeOfNoBody = ({ headers }: FastifyRequest): void => {
  const length = headers['content-length'];
  if ((length === undefined || length === '0') && headers['transfer-encoding'] === undefined) {
    headers['content-type'] = undefined;
  }
};

/** Bodies of uploads come as streams, whatever clients say of their type; nobody else's do. */
const chooseParser = ({ headers }: FastifyRequest, { upload }: AnyRoute): void => {
  if (upload !== undefined) headers['content-type'] = UPLOAD_TYPE;
  else if (headers['content-type']?.toLowerCase().startsWith(UPLOAD_TYPE) === true) {
    headers['content-type'] = 'application/octet-stream';
  }
};

type Refuse = (request: FastifyRequest, reply: FastifyReply, error: unknown) => void;

/** Finds the route and lets the caller in, before the body is read: nobody uploads 100 MiB to be refused. */
const admitting = (app: NestFastifyApplication, paths: PathTable, refuse: Refuse): onRequestHookHandler => {
  const admission = app.get(Admission);
  const allowOrigin = crossOriginHeaders(app.get(Environment).CORS_ORIGINS);

  const answerUnrouted = (request: FastifyRequest, reply: FastifyReply): void => {
    const methods = paths.methodsOf(pathOf(request.url));
    const allow = methods.join(', ');
    if (methods.length === 0) refuse(request, reply, new HttpRefusal(404, 'Not Found'));
    else if (request.method === 'OPTIONS') void reply.header('allow', allow).send('{}');
    else refuse(request, reply, new HttpRefusal(405, 'Method Not Allowed', { allow }));
  };

  return (request, reply, done) => {
    reply.headers(STANDARD_HEADERS);
    allowOrigin(request, reply);
    if ((request.headers.host ?? '') === '' && request.raw.httpVersion === '1.1') {
      refuse(request, reply, new HttpRefusal(400, 'missing Host header'));
      return;
    }
    const { config, url: path = '' } = request.routeOptions;
    const { route } = config;
    const asked = pathOf(request.url);
    // For the router a parameter may be empty; no name is.
    const isNameless = asked.endsWith('/') && paths.methodsOf(asked).length === 0;
    // What nobody declared has no policy, so it stays shut.
    if (request.is404 || route === undefined || isNameless || paths.isShadowed(path, asked)) {
      answerUnrouted(request, reply);
      return;
    }
    request.route = route;
    chooseParser(request, route);
    forgetTypeOfNoBody(request);
    const admitted = (caller: Caller): void => {
      request.caller = caller;
      withCorrelation(request.id, done);
    };
    try {
      const caller = admission.admit(route.policy, request.headers.authorization);
      if (caller instanceof Promise) caller.then(admitted, (error: unknown) => refuse(request, reply, error));
      else admitted(caller);
    } catch (error) {
      refuse(request, reply, error);
    }
  };
};

/** Makes of a request what controllers get: its fields, judged, and what travels with every message. */
const reading = (app: NestFastifyApplication, refuse: Refuse): preHandlerHookHandler => {
  const bus = app.get(Bus);
  const log = app.get(Log);
  const uploads = app.get(Uploads);

  /** A refused request's upload belongs to nobody; should this fail, it is collected later. */
  const discard = (blob: StoredBlob): void => {
    uploads
      .discard(blob)
      .catch((error: unknown) => log.warn({ error, key: blob.key }, 'an upload could not be deleted'));
  };

  return (request, reply, done) => {
    const { route, caller } = request;
    if (route === null || caller === null) {
      // No way in past the hook before; kept shut all the same.
      refuse(request, reply, new HttpRefusal(404, 'Not Found'));
      return;
    }
    const read = (): void => {
      const context = contextOf(route, caller, request);
      const source = new RequestSource(request);
      if (isForeign(route, source, caller)) {
        refuse(request, reply, new DomainError('forbidden', 'auth.foreign', 'unauthorized'));
        return;
      }
      try {
        requireUsableKey(request);
        request.call = { input: route.read(source), context };
      } catch (error) {
        if (request.upload !== null) discard(request.upload);
        void judged(bus, route, source, context, error).then((refusal) => refuse(request, reply, refusal));
        return;
      }
      done();
    };
    const { body } = request;
    if (route.upload === undefined || !(body instanceof Readable)) {
      read();
      return;
    }
    // A large upload of somebody who may not store it stops before anything is stored.
    const mayStore = () => judge(bus, route, new RequestSource(request), contextOf(route, caller, request));
    uploads.receive(route.upload, body, mayStore).then(
      (received) => {
        request.body = received.body;
        request.upload = received.blob ?? null;
        read();
      },
      (error: unknown) => refuse(request, reply, error),
    );
  };
};

const measuring = (app: NestFastifyApplication): onResponseHookHandler => {
  const metrics = app.get(Metrics);
  const log = app.get(Log);
  return (request, reply, done) => {
    const { method, id: correlationId } = request;
    const { statusCode: status, elapsedTime: elapsedMs } = reply;
    metrics.httpRequest(request.route?.path ?? 'unknown', method, status, elapsedMs / 1000);
    tellIfSlow(log, { method, path: pathOf(request.url), status, elapsedMs, correlationId });
    done();
  };
};

/**
 * Makes an application with a {@link createHttpAdapter} the gateway. Call it before the application is initialized.
 */
export const prepareGateway = (app: NestFastifyApplication): void => {
  const instance: FastifyInstance = app.getHttpAdapter().getInstance();
  const log = app.get(Log);
  const paths = new PathTable();
  const refuse: Refuse = (request, reply, error) => sendProblem(request, reply, error, log);

  app.useGlobalFilters(new ProblemFilter(log));
  instance.decorateRequest('route', null);
  instance.decorateRequest('caller', null);
  instance.decorateRequest('call', null);
  instance.decorateRequest('upload', null);

  instance.addHook('onRoute', (options) => {
    const { url, method, config } = options;
    if (config?.route === undefined) return;
    paths.add(url, [method].flat());
    if (config.route.policy === 'public') options.bodyLimit = PUBLIC_BODY_BYTES_MAX;
  });
  instance.addHook('onRequest', admitting(app, paths, refuse));
  instance.addHook('preHandler', reading(app, refuse));
  instance.addHook('onResponse', measuring(app));
};
