import type { FastifyReply, FastifyRequest, onRequestHookHandler } from 'fastify';
import type { DialectTable } from './dialect-table.js';
import type { PathTable } from './path-table.js';
import { HttpError } from './request-error.js';
import { type SendError } from './send-error.js';
import { pathOf } from './url-path.js';

/** Clients name a content type on every request (IceProd contract 1.1.1); without a body there is nothing to parse. */
const ignoreTypeOfNoBody = ({ headers }: FastifyRequest): void => {
  const length = headers['content-length'];
  if ((length === undefined || length === '0') && headers['transfer-encoding'] === undefined) {
    headers['content-type'] = undefined;
  }
};

/** Finds the declaration of a request's route; answers 404, 405 and OPTIONS in the shape of the path's dialect. */
export const requestRouting = (
  dialects: DialectTable,
  paths: PathTable,
  allowOrigin: (request: FastifyRequest, reply: FastifyReply) => void,
  sendError: SendError,
): onRequestHookHandler => {
  const answerUnrouted = (request: FastifyRequest, reply: FastifyReply): void => {
    const methods = paths.methodsOf(pathOf(request.url));
    const allow = methods.join(', ');
    const isAnsweredForPages = reply.hasHeader('access-control-allow-origin');
    const takesOptions = isAnsweredForPages || dialects.dialectOf(pathOf(request.url)).onlyDeclaredMethods !== true;
    if (methods.length === 0) sendError(request, reply, new HttpError(404, 'Not Found'));
    else if (request.method === 'OPTIONS' && takesOptions) void reply.header('allow', allow).send('{}');
    else sendError(request, reply, new HttpError(405, 'Method Not Allowed', { allow }));
  };

  return (request, reply, done) => {
    const path = pathOf(request.url);
    const { config, url: declaredPath = '' } = request.routeOptions;
    const { route, dialect, bodyLimits, protocol } = config;
    reply.headers((dialect ?? dialects.dialectOf(path)).headers);
    allowOrigin(request, reply);
    if ((request.headers.host ?? '') === '' && request.raw.httpVersion === '1.1') {
      sendError(request, reply, new HttpError(400, 'missing Host header'));
      return;
    }
    // The router lets a parameter be empty; no name is.
    const isNameless = path.endsWith('/') && paths.methodsOf(path).length === 0;
    // A route without a declaration has no policy, so it is not served.
    if (
      request.is404 ||
      route === undefined ||
      dialect === undefined ||
      bodyLimits === undefined ||
      isNameless ||
      paths.isShadowed(declaredPath, path) ||
      // Asked by a browser, for a page.
      (request.method === 'OPTIONS' && reply.hasHeader('access-control-allow-origin'))
    ) {
      answerUnrouted(request, reply);
      return;
    }
    request.route = route;
    request.dialect = dialect;
    request.bodyLimits = bodyLimits;
    if (protocol === undefined) ignoreTypeOfNoBody(request);
    done();
  };
};
