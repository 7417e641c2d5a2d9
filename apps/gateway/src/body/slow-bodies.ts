import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { IncomingMessage } from 'node:http';
import { HttpError } from '../edge/request-error.js';
import type { SendError } from '../edge/send-error.js';

/** A body must arrive at this rate, measured over the time that a client may stall. */
const BYTES_PER_SECOND_MIN = 1024;
/** For so long the rest of a body is read and dropped once its request is answered: some clients send all before they read. */
const AFTER_ANSWER_MS = 30_000;

interface IncompleteBody {
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
  readonly sinceMs: number;
  /** When the bytes were last counted from. */
  fromMs: number;
  /** Bytes that the connection had received then. */
  fromBytes: number;
  answeredMs?: number;
}

/** Of a caller who has shown a valid token. */
const isOfKnownCaller = ({ caller, route }: FastifyRequest): boolean =>
  caller !== null && caller.subject !== '' && route?.policy !== 'public';

/**
 * Ends requests whose bodies do not arrive. A body that the gateway does not read on, because it is busy, does not count
 * as slow.
 */
export class SlowBodies {
  private readonly incomplete = new Map<IncomingMessage, IncompleteBody>();

  /**
   * @param stallMs in which a caller with a valid token must send some of the body, and everybody else all of it
   * @param refuse answers a request whose client is too slow
   */
  constructor(
    private readonly stallMs: number,
    private readonly refuse: SendError,
  ) {}

  /** Call it before anything is read. */
  watch(request: FastifyRequest, reply: FastifyReply): void {
    const { raw } = request;
    const nowMs = performance.now();
    this.incomplete.set(raw, { request, reply, sinceMs: nowMs, fromMs: nowMs, fromBytes: raw.socket.bytesRead });
  }

  /** The body is complete. */
  done(raw: IncomingMessage): void {
    this.incomplete.delete(raw);
  }

  /** Call it a few times per `stallMs`. */
  check(): void {
    const nowMs = performance.now();
    for (const [raw, body] of this.incomplete) {
      if (raw.complete || raw.destroyed) this.incomplete.delete(raw);
      else if (this.isTooSlow(raw, body, nowMs)) {
        this.incomplete.delete(raw);
        this.end(body);
      }
    }
  }

  private isTooSlow(raw: IncomingMessage, body: IncompleteBody, nowMs: number): boolean {
    const { request, reply, sinceMs, fromMs, fromBytes } = body;
    if (reply.raw.writableEnded) body.answeredMs ??= nowMs;
    if (body.answeredMs !== undefined && nowMs - body.answeredMs >= AFTER_ANSWER_MS) return true;
    const { bytesRead } = raw.socket;
    const isReading = raw.readableFlowing === true;
    if (isReading && !isOfKnownCaller(request) && nowMs - sinceMs >= this.stallMs) return true;
    if (isReading && nowMs - fromMs < this.stallMs) return false;
    if (isReading && ((bytesRead - fromBytes) * 1000) / (nowMs - fromMs) < BYTES_PER_SECOND_MIN) return true;
    body.fromMs = nowMs;
    body.fromBytes = bytesRead;
    return false;
  }

  private end({ request, reply }: IncompleteBody): void {
    if (reply.sent || reply.raw.headersSent) {
      request.raw.socket.destroy();
      return;
    }
    void reply.header('connection', 'close');
    this.refuse(request, reply, new HttpError(408, 'Request Timeout'));
  }
}

const CHECKS_PER_STALL = 10;

const hasBody = ({ headers }: FastifyRequest): boolean =>
  headers['transfer-encoding'] !== undefined || (headers['content-length'] ?? '0') !== '0';

/** Watches the bodies of all requests from now on, until the server closes. */
export const watchSlowBodies = (instance: FastifyInstance, stallMs: number, refuse: SendError): SlowBodies => {
  const slowBodies = new SlowBodies(stallMs, refuse);
  instance.addHook('onRequest', (request, reply, done) => {
    if (hasBody(request)) slowBodies.watch(request, reply);
    done();
  });
  const checks = setInterval(() => slowBodies.check(), stallMs / CHECKS_PER_STALL).unref();
  instance.addHook('onClose', (_instance, done) => {
    clearInterval(checks);
    done();
  });
  return slowBodies;
};
