import { setTimeout as delay } from 'node:timers/promises';
import { randomUUID } from 'node:crypto';
import { redacted } from '#platform/redaction.js';
import { trimEnd } from '#platform/trim-characters.js';
import { LEASE_NOT_HELD } from '#contracts/leases.js';
import { type AccessToken, TokenRefused, type TokenSource, TokenUnavailable } from './token-source.js';

/** The server has refused the request. */
export class Refused extends Error {
  override readonly name: string = 'Refused';

  constructor(
    readonly status: number,
    readonly reason: string,
    request: string,
  ) {
    super(`${request}: ${status} ${reason}`);
  }
}

/** The server accepts no token that we have. */
export class AccessDenied extends Error {
  override readonly name = 'AccessDenied';
}

/** The server did not answer, or only with temporary errors, until the timeout. */
export class Unreachable extends Error {
  override readonly name = 'Unreachable';
}

/** A signal has ended a request. */
export class Interrupted extends Error {
  override readonly name = 'Interrupted';
}

export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

export interface HttpRequest {
  readonly method: Method;
  /** Below the address of the server. */
  readonly path: string;
  /** JSON; streams are opened anew for each attempt. */
  readonly body?: string | (() => ReadableStream<Uint8Array>);
  /** Identifies repeats of a write; by default each request has its own. */
  readonly idempotencyKey?: string;
  /** Ends attempts and pauses. */
  readonly signal?: AbortSignal;
  /** Allows no further attempt and ends pauses; an attempt in progress may still be answered. */
  readonly lastAttempt?: AbortSignal;
}

export interface HttpClientOptions {
  readonly url: string;
  /** Without it requests carry no token. */
  readonly token: TokenSource | undefined;
  /** Time after which a repeated request fails with {@link Unreachable}. */
  readonly timeoutMs?: number;
  /** Aborted, with a text as its reason, when the server will not come back: requests fail with {@link Unreachable}. */
  readonly lost?: AbortSignal;
  /** Called once a minute while the server does not answer. */
  readonly onSilence?: (message: string) => void;
  /** Of every request, besides those that all APIs have. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Extracts the server's reason from the body of an error. */
  readonly reasonIn: (body: string) => string;
}

/** Temporary errors: the request is repeated. */
const TEMPORARY: ReadonlySet<number> = new Set([408, 429, 502, 503, 504]);
/** Repeated a few times only, because this request may be the cause. */
const SERVER_ERROR = 500;
const SERVER_ERRORS_MAX = 8;
const DENIED: ReadonlySet<number> = new Set([401, 403]);

const ATTEMPT_TIMEOUT_MS = 60_000;
export const SERVER_TIMEOUT_MS = 10 * 60_000;
const PAUSE_FIRST_MS = 100;
const PAUSE_MAX_MS = 10_000;
const SILENCE_NOTE_MS = 60_000;

type Answer =
  | { readonly text: string }
  | { readonly denied: Refused; readonly token: AccessToken | undefined }
  | { readonly cause: string; readonly retryAfterMs: number; readonly error?: Refused };

/** `connect ECONNREFUSED 127.0.0.1:80` says more than `fetch failed`. */
const causeOf = (error: unknown): string => {
  if (!(error instanceof Error)) return String(error);
  const { cause } = error;
  if (!(cause instanceof Error)) return error.message;
  return cause.message || ('code' in cause ? String(cause.code) : error.message);
};

/**
 * Sends JSON, with a bearer token where there is one. Repeats what the server did not answer or was too busy for, with an idempotency key on
 * every write, and renews the token when it is refused.
 */
export class HttpClient {
  private notedMs = -Infinity;

  constructor(private readonly options: HttpClientOptions) {}

  /**
   * Resolves with the body of the answer.
   *
   * @throws Refused, AccessDenied, Unreachable; Interrupted after a signal
   */
  async send(request: HttpRequest): Promise<string> {
    const { signal, lastAttempt } = request;
    const { lost } = this.options;
    const ended = [signal, lastAttempt, lost].filter((one) => one !== undefined);
    const pausing = ended.length === 0 ? undefined : AbortSignal.any(ended);
    const key = request.idempotencyKey ?? randomUUID();
    const timeoutMs = this.options.timeoutMs ?? SERVER_TIMEOUT_MS;
    const giveUpMs = Date.now() + timeoutMs;
    let serverErrors = 0;
    let isRenewed = false;
    for (let pauseMs = PAUSE_FIRST_MS; ; pauseMs = Math.min(PAUSE_MAX_MS, pauseMs * 2)) {
      let answer = await this.attempt(request, key);
      if ('text' in answer) {
        this.notedMs = -Infinity;
        return answer.text;
      }
      if ('denied' in answer) {
        const renewal = await this.renew(answer.token, answer.denied, isRenewed);
        isRenewed = renewal === 'renewed';
        if (renewal === 'renewed') continue;
        answer = { cause: renewal.message, retryAfterMs: 0, error: answer.denied };
      } else if (answer.error !== undefined && (serverErrors += 1) > SERVER_ERRORS_MAX) throw answer.error;
      const waitMs = Math.max(pauseMs, answer.retryAfterMs) * (0.5 + Math.random() / 2);
      const message = `${this.name(request)}: ${answer.cause}`;
      if (lost?.aborted) throw new Unreachable(`${message} (${String(lost.reason)})`);
      if (pausing?.aborted) throw new Interrupted(message);
      if (Date.now() + waitMs > giveUpMs)
        throw new Unreachable(`${message} (tried for ${Math.round(timeoutMs / 1000)} s)`);
      this.noteSilence(message);
      await delay(waitMs, undefined, pausing === undefined ? {} : { signal: pausing }).catch(() => {
        if (!lost?.aborted) throw new Interrupted(message);
      });
    }
  }

  /** The request in messages. The address of a Torc server may hold a token. */
  private name({ method, path }: HttpRequest): string {
    return redacted(`${method} ${this.urlOf(path)}`);
  }

  /** The address of the server may contain a path. */
  private urlOf(path: string): string {
    return trimEnd(this.options.url, '/') + path;
  }

  private noteSilence(message: string): void {
    if (Date.now() < this.notedMs + SILENCE_NOTE_MS) return;
    this.notedMs = Date.now();
    this.options.onSilence?.(message);
  }

  /** A server that refuses a renewed token too denies access. */
  private async renew(
    refused: AccessToken | undefined,
    denial: Refused,
    isRenewed: boolean,
  ): Promise<'renewed' | TokenUnavailable> {
    const source = this.options.token;
    if (source === undefined || refused === undefined) throw new AccessDenied(denial.message, { cause: denial });
    try {
      const token = isRenewed ? undefined : await source.replace(refused);
      if (token !== undefined) return 'renewed';
    } catch (error) {
      if (error instanceof TokenUnavailable) return error;
      if (error instanceof TokenRefused) throw new AccessDenied(error.message, { cause: error });
      throw error;
    }
    const { expiresMs } = refused;
    const ended = expiresMs !== undefined && expiresMs <= Date.now();
    throw new AccessDenied(
      ended ? `${denial.message} (the token has ended at ${new Date(expiresMs).toISOString()})` : denial.message,
      { cause: denial },
    );
  }

  private async attempt(request: HttpRequest, idempotencyKey: string): Promise<Answer> {
    const { method, path, body, signal } = request;
    let token: AccessToken | undefined;
    try {
      token = await this.options.token?.current();
    } catch (error) {
      if (error instanceof TokenUnavailable) return { cause: error.message, retryAfterMs: 0 };
      if (error instanceof TokenRefused) throw new AccessDenied(error.message, { cause: error });
      throw error;
    }
    const timeout = AbortSignal.timeout(ATTEMPT_TIMEOUT_MS);
    let response: Response;
    let text: string;
    try {
      response = await fetch(this.urlOf(path), {
        method,
        headers: {
          ...this.options.headers,
          ...(token !== undefined && { authorization: `Bearer ${token.text}` }),
          'content-type': 'application/json',
          ...(method === 'GET' ? {} : { 'idempotency-key': idempotencyKey }),
        },
        signal: signal === undefined ? timeout : AbortSignal.any([timeout, signal]),
        ...(typeof body === 'string' && { body }),
        ...(typeof body === 'function' && { body: body(), duplex: 'half' }),
      });
      text = await response.text();
    } catch (error) {
      return { cause: causeOf(error), retryAfterMs: 0 };
    }
    if (response.ok) return { text };
    const { status } = response;
    const error = new Refused(status, this.options.reasonIn(text) || response.statusText, this.name(request));
    // A lost lease says nothing about the token.
    if (DENIED.has(status) && error.reason !== LEASE_NOT_HELD) return { denied: error, token };
    if (status === SERVER_ERROR) return { cause: `500 ${error.reason}`, retryAfterMs: 0, error };
    if (!TEMPORARY.has(status)) throw error;
    const seconds = Number(response.headers.get('retry-after') ?? 0);
    const retryAfterMs = Number.isFinite(seconds) ? Math.min(seconds * 1000, PAUSE_MAX_MS) : 0;
    return { cause: `${String(status)} ${error.reason}`, retryAfterMs };
  }
}
