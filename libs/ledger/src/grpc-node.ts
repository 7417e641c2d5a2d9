import { type ClientHttp2Session, connect, constants, type IncomingHttpHeaders } from 'node:http2';
import { Metadata, status } from '@grpc/grpc-js';
import { GrpcMessages } from './grpc-frames.js';
import { Waiter } from './waiter.js';

/** What a connection needs to know besides the address. */
export interface GrpcNodeOptions {
  /** Absent without TLS. */
  readonly tls?: { readonly ca?: Buffer; readonly cert?: Buffer; readonly key?: Buffer } | undefined;
  /** Sent with each call. */
  readonly headers: Readonly<Record<string, string>>;
  /** How often the server is asked for a sign of life, and how long it may take; -1 is never. */
  readonly keepAliveMs: number;
  readonly keepAliveTimeoutMs: number;
}

export interface GrpcCallOptions {
  /** Longest pause between messages. */
  readonly idleMs: number;
  readonly signal: AbortSignal;
  /** What the server is told; by default it takes all the time that it wants. */
  readonly deadlineMs?: number;
}

/** What the client of EventStoreDB makes its errors from. */
export interface GrpcError extends Error {
  readonly code: number;
  readonly details: string;
  readonly metadata: Metadata;
}

/** The code of a call that went well. */
const OK = 0;

/** How long connecting may take. */
const CONNECT_MS = 5_000;

/** What the server may send of one call before it is read. A stalled reader holds up no other call. */
const WINDOW_BYTES = 1024 * 1024;

/** Of all calls together. */
const CONNECTION_WINDOW_BYTES = 8 * 1024 * 1024;

/** Memory of one connection, in MB; Node.js refuses further calls beyond it. */
const SESSION_MEMORY_MB = 64;

/** As gRPC reads the status of a server, or of something before it, that does not speak gRPC. */
const CODES: Readonly<Record<number, number>> = {
  400: status.INTERNAL,
  401: status.UNAUTHENTICATED,
  403: status.PERMISSION_DENIED,
  404: status.UNIMPLEMENTED,
  429: status.UNAVAILABLE,
  502: status.UNAVAILABLE,
  503: status.UNAVAILABLE,
  504: status.UNAVAILABLE,
};

const serviceError = (code: number, details: string, headers: IncomingHttpHeaders = {}): GrpcError =>
  Object.assign(new Error(`${code} ${status[code]}: ${details}`), {
    code,
    details,
    metadata: Metadata.fromHttp2Headers(headers),
  });

/** Texts of errors are percent-encoded; what cannot be decoded stays as it is. */
const decoded = (text: string): string => {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
};

const isAborted = (signal: AbortSignal): boolean => signal.aborted;

/** How a call has ended. */
class Ending {
  isOver = false;
  /** Of this side, or of the connection. */
  fault: Error | undefined;
  private readonly headers: IncomingHttpHeaders = {};

  add(headers: IncomingHttpHeaders): void {
    Object.assign(this.headers, headers);
  }

  /** Whether the server has said how. */
  get isAnswered(): boolean {
    return this.headers['grpc-status'] !== undefined;
  }

  /** Undefined when the call went well. */
  error(): GrpcError | undefined {
    const { 'grpc-status': code, 'grpc-message': message = '', ':status': http = 200 } = this.headers;
    if (code !== undefined) {
      return Number(code) === OK ? undefined : serviceError(Number(code), decoded(String(message)), this.headers);
    }
    if (Number(http) !== 200)
      return serviceError(CODES[Number(http)] ?? status.UNKNOWN, `HTTP status ${String(http)}`, this.headers);
    return serviceError(status.UNAVAILABLE, this.fault?.message ?? 'The call ended without an answer');
  }
}

/**
 * A connection to one gRPC server, for calls with one request. It is made with the first call and again with the next one after it
 * was lost. A message costs a third of what it costs with `@grpc/grpc-js` (see `docs/adr/0003-eventstoredb-ledger.md`).
 */
export class GrpcNode {
  /** Takes new calls. */
  private session: ClientHttp2Session | undefined;
  /** All that have calls under way. */
  private readonly sessions = new Set<ClientHttp2Session>();
  private fault: Error | undefined;
  private isClosed = false;

  constructor(
    /** `host:port` */
    readonly authority: string,
    private readonly options: GrpcNodeOptions,
  ) {}

  /**
   * The server's messages, as they come, until it ends the call, the reader stops or `signal` is aborted.
   *
   * @param request framed messages
   * @throws GrpcError; Error when the server is silent for too long
   */
  async *call(
    path: string,
    request: Buffer,
    { idleMs, signal, deadlineMs }: GrpcCallOptions,
  ): AsyncGenerator<readonly Buffer[], void, void> {
    if (isAborted(signal)) return;
    const session = this.connected();
    const stream = session.request({
      ...this.options.headers,
      ':method': 'POST',
      ':path': path,
      te: 'trailers',
      'content-type': 'application/grpc',
      ...(deadlineMs !== undefined && { 'grpc-timeout': `${deadlineMs}m` }),
    });
    const ending = new Ending();
    const waiter = new Waiter();
    const add = (headers: IncomingHttpHeaders): void => ending.add(headers);
    stream.on('response', add);
    stream.on('trailers', add);
    stream.on('readable', waiter.wake);
    // The listener stays for errors that come after the reader has gone.
    stream.on('error', (error: Error) => {
      ending.fault ??= error;
    });
    stream.on('close', () => {
      ending.isOver = true;
      ending.fault = this.fault ?? ending.fault;
      waiter.wake();
    });
    signal.addEventListener('abort', waiter.wake);
    stream.end(request);
    const messages = new GrpcMessages();
    try {
      while (!isAborted(signal)) {
        const chunk = stream.read() as Buffer | null;
        if (chunk !== null) {
          const batch = messages.take(chunk);
          if (batch.length > 0) yield batch;
          continue;
        }
        if (ending.isOver) {
          const error = ending.error();
          if (error === undefined) return;
          // A connection that fails calls may do so for ever, for instance when it has no numbers left for them.
          if (!ending.isAnswered) this.leave(session);
          throw error;
        }
        if (!(await waiter.wait(idleMs))) throw new Error(`The server did not answer within ${idleMs} ms`);
      }
    } finally {
      signal.removeEventListener('abort', waiter.wake);
      if (!ending.isOver) stream.close(constants.NGHTTP2_CANCEL);
    }
  }

  /** Ends all calls. */
  close(): void {
    this.isClosed = true;
    this.session = undefined;
    for (const session of this.sessions) session.destroy();
  }

  private connected(): ClientHttp2Session {
    if (this.isClosed) throw serviceError(status.UNAVAILABLE, 'The connection is closed');
    const { session } = this;
    if (session !== undefined && !session.closed && !session.destroyed) return session;
    this.session = this.connect();
    return this.session;
  }

  /** Takes no more calls on a connection, and closes it when those under way have ended. */
  private leave(session: ClientHttp2Session): void {
    if (this.session === session) this.session = undefined;
    if (!session.destroyed) session.close();
  }

  private connect(): ClientHttp2Session {
    const { tls, keepAliveMs } = this.options;
    const session = connect(`${tls === undefined ? 'http' : 'https'}://${this.authority}`, {
      ...tls,
      maxSessionMemory: SESSION_MEMORY_MB,
      settings: { enablePush: false, initialWindowSize: WINDOW_BYTES },
    });
    this.fault = undefined;
    this.sessions.add(session);
    const fail = (why: string): void => {
      session.destroy(new Error(`${why} ${this.authority}`));
    };
    const connecting = setTimeout(() => fail('No connection is made to'), CONNECT_MS);
    let keepingAlive: NodeJS.Timeout | undefined;
    session.on('connect', () => {
      clearTimeout(connecting);
      session.setLocalWindowSize(CONNECTION_WINDOW_BYTES);
      if (keepAliveMs > 0) keepingAlive = setInterval(() => this.keepAlive(session, fail), keepAliveMs).unref();
    });
    // The calls report it.
    session.on('error', (error: Error) => {
      this.fault = error;
    });
    // What is under way is finished; new calls take a new connection.
    session.on('goaway', () => this.leave(session));
    session.on('close', () => {
      clearTimeout(connecting);
      clearInterval(keepingAlive);
      this.sessions.delete(session);
    });
    return session;
  }

  /** A connection whose other end is gone without a word is found out. */
  private keepAlive(session: ClientHttp2Session, fail: (why: string) => void): void {
    const { keepAliveTimeoutMs } = this.options;
    if (keepAliveTimeoutMs < 0 || session.destroyed) return;
    const timer = setTimeout(() => fail('No sign of life from'), keepAliveTimeoutMs).unref();
    session.ping(() => clearTimeout(timer));
  }
}
