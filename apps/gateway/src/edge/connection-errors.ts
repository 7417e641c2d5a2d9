import { type IncomingMessage, type Server, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Dialect } from '../dialect.js';
import { HttpError, requestErrorOf, type ErrorResponse } from './request-error.js';

/** By the code of the parser's error; everything else is a bad request. */
const ERRORS: Readonly<Record<string, readonly [status: number, reason: string]>> = {
  HPE_HEADER_OVERFLOW: [431, 'Request Header Fields Too Large'],
  HPE_CHUNK_EXTENSIONS_OVERFLOW: [413, 'Payload Too Large'],
  ERR_HTTP_REQUEST_TIMEOUT: [408, 'Request Timeout'],
};

export const responseOf = (dialect: Dialect, status: number, reason: string): ErrorResponse =>
  dialect.errorResponse(requestErrorOf(new HttpError(status, reason)), '/');

/** Closes a connection that carried no request that could be routed. */
export const endWith = (
  socket: Duplex,
  { status, reason, contentType, body }: ErrorResponse,
  more: Readonly<Record<string, string>> = {},
): void => {
  const headers = {
    'Content-Type': contentType,
    'Content-Length': Buffer.byteLength(body),
    Connection: 'close',
    ...more,
  };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.end(`HTTP/1.1 ${status} ${reason}\r\n${lines.join('')}\r\n${body}`);
};

/** The response that the connection carries or waits for. */
const responseOn = (socket: Duplex): ServerResponse | undefined => {
  const message: unknown = Reflect.get(socket, '_httpMessage');
  return message instanceof ServerResponse ? message : undefined;
};

/** Answers what is not HTTP, or does not arrive in time, in the shape of the given dialect. */
export const answerConnectionErrors =
  (dialect: Dialect) =>
  (error: Error & { code?: string }, socket: Duplex): void => {
    if (error.code === 'ECONNRESET' || socket.destroyed) return;
    const response = responseOn(socket);
    // A second status line would become part of a response that has begun.
    if (!socket.writable || response?.headersSent === true) {
      socket.destroy();
      return;
    }
    if (response?.req.complete === true) {
      // A complete request came before and is being carried out: its client gets that response, and nothing more is read.
      response.shouldKeepAlive = false;
      return;
    }
    endWith(socket, responseOf(dialect, ...(ERRORS[error.code ?? ''] ?? ([400, 'Bad Request'] as const))));
  };

/** Answers requests that Node.js would otherwise reject without a body. */
export const answerUnroutable = (server: Server, dialect: Dialect): void => {
  server.on('checkExpectation', (_request: IncomingMessage, response: ServerResponse) => {
    const { status, reason, contentType, body } = responseOf(dialect, 417, 'Expectation Failed');
    response
      .writeHead(status, reason, {
        'content-type': contentType,
        'content-length': Buffer.byteLength(body),
        connection: 'close',
      })
      .end(body);
  });
  // The gateway is no proxy.
  server.on('connect', (_request: IncomingMessage, socket: Duplex) =>
    endWith(socket, responseOf(dialect, 405, 'Method Not Allowed')),
  );
};
