import { type IncomingMessage, type Server, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';

/** By the code of the parser's error; everything else is a bad request. */
const REFUSALS: Readonly<Record<string, readonly [status: number, reason: string]>> = {
  HPE_HEADER_OVERFLOW: [431, 'Request Header Fields Too Large'],
  HPE_CHUNK_EXTENSIONS_OVERFLOW: [413, 'Payload Too Large'],
  ERR_HTTP_REQUEST_TIMEOUT: [408, 'Request Timeout'],
};

const TYPE = 'application/json; charset=UTF-8';

const bodyOf = (status: number, reason: string): string => JSON.stringify({ code: status, error: reason });

/** Ends a connection over which no request came that could be routed. */
const endWith = (socket: Duplex, status: number, reason: string): void => {
  const body = bodyOf(status, reason);
  socket.end(
    `HTTP/1.1 ${status} ${reason}\r\nContent-Type: ${TYPE}\r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n${body}`,
  );
};

/** The answer that the connection carries or waits for. */
const answerOn = (socket: Duplex): ServerResponse | undefined => {
  const message: unknown = Reflect.get(socket, '_httpMessage');
  return message instanceof ServerResponse ? message : undefined;
};

/** What is no HTTP, or does not arrive in time, gets the barest of answers. */
export const refuseConnection = (error: Error & { code?: string }, socket: Duplex): void => {
  if (error.code === 'ECONNRESET' || socket.destroyed) return;
  const answer = answerOn(socket);
  // A second status line would become part of an answer that has begun.
  if (!socket.writable || answer?.headersSent === true) {
    socket.destroy();
    return;
  }
  if (answer?.req.complete === true) {
    // What came before is a request and is being carried out: its client is told of that, and no more is read.
    answer.shouldKeepAlive = false;
    return;
  }
  const [status, reason] = REFUSALS[error.code ?? ''] ?? [400, 'Bad Request'];
  endWith(socket, status, reason);
};

/** Requests that Node.js would refuse by itself, without a word: here they get the shape of all refusals. */
export const refuseOutlandish = (server: Server): void => {
  server.on('checkExpectation', (_request: IncomingMessage, response: ServerResponse) => {
    const body = bodyOf(417, 'Expectation Failed');
    response
      .writeHead(417, 'Expectation Failed', {
        'content-type': TYPE,
        'content-length': body.length,
        connection: 'close',
      })
      .end(body);
  });
  // Nothing here can be a tunnel.
  server.on('connect', (_request: IncomingMessage, socket: Duplex) => endWith(socket, 405, 'Method Not Allowed'));
};
