import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { parseJson, textOf, type Json } from '#contracts/iceprod/config/json.js';

/** The server understood the request and said no. */
export class Refused extends Error {
  override readonly name = 'Refused';

  constructor(
    readonly status: number,
    readonly reason: string,
    method: string,
    path: string,
  ) {
    super(`${method} ${path}: ${status} ${reason}`);
  }
}

/** No answer that means anything, in all the time that was allowed. */
export class Unreachable extends Error {
  override readonly name = 'Unreachable';

  constructor(method: string, path: string, cause: unknown) {
    super(`${method} ${path}: no answer`, { cause });
  }
}

interface RestClientOptions {
  readonly url: string;
  readonly token: string;
  /** How long one call is tried again before it is {@link Unreachable}. */
  readonly patienceMs?: number;
  readonly signal?: AbortSignal;
}

/** Answers that promise nothing about the next attempt. */
const PASSING: ReadonlySet<number> = new Set([408, 429, 502, 503, 504]);

const ATTEMPT_TIMEOUT_MS = 60_000;
const PATIENCE_MS = 10 * 60_000;
const PAUSE_FIRST_MS = 100;
const PAUSE_MAX_MS = 10_000;

type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

/**
 * Speaks the IceProd dialect: JSON in and out, reasons in `error`. Tries again when the server is away or busy; an
 * idempotency key lets the server know a repeated write.
 */
export class RestClient {
  constructor(private readonly options: RestClientOptions) {}

  get(path: string): Promise<Json> {
    return this.call('GET', path);
  }

  post(path: string, body: object | string = {}): Promise<Json> {
    return this.call('POST', path, body);
  }

  put(path: string, body: object | string = {}): Promise<Json> {
    return this.call('PUT', path, body);
  }

  /** `body` may be JSON text, which is sent as it is. */
  async call(method: Method, path: string, body?: object | string): Promise<Json> {
    const giveUpMs = Date.now() + (this.options.patienceMs ?? PATIENCE_MS);
    const headers = {
      authorization: `Bearer ${this.options.token}`,
      'content-type': 'application/json',
      ...(method === 'GET' ? {} : { 'idempotency-key': randomUUID() }),
    };
    const text = body === undefined || typeof body === 'string' ? body : JSON.stringify(body);
    for (let pauseMs = PAUSE_FIRST_MS; ; pauseMs = Math.min(PAUSE_MAX_MS, pauseMs * 2)) {
      const answer = await this.attempt(method, path, headers, text);
      if ('value' in answer) return answer.value;
      const waitMs = Math.max(pauseMs, answer.retryAfterMs) * (0.5 + Math.random() / 2);
      if (Date.now() + waitMs > giveUpMs) throw new Unreachable(method, path, answer.cause);
      await delay(waitMs, undefined, this.options.signal === undefined ? {} : { signal: this.options.signal });
    }
  }

  private async attempt(
    method: Method,
    path: string,
    headers: Readonly<Record<string, string>>,
    body: string | undefined,
  ): Promise<{ readonly value: Json } | { readonly cause: unknown; readonly retryAfterMs: number }> {
    const timeout = AbortSignal.timeout(ATTEMPT_TIMEOUT_MS);
    const signal = this.options.signal === undefined ? timeout : AbortSignal.any([timeout, this.options.signal]);
    let response: Response;
    let text: string;
    try {
      response = await fetch(new URL(path, this.options.url), {
        method,
        headers,
        signal,
        ...(body === undefined ? {} : { body }),
      });
      text = await response.text();
    } catch (cause) {
      this.options.signal?.throwIfAborted();
      return { cause, retryAfterMs: 0 };
    }
    if (response.ok) return { value: parseJson(text) };
    if (PASSING.has(response.status)) {
      const seconds = Number(response.headers.get('retry-after') ?? 0);
      return { cause: text, retryAfterMs: Number.isFinite(seconds) ? Math.min(seconds * 1000, PAUSE_MAX_MS) : 0 };
    }
    throw new Refused(response.status, reasonOf(text) || response.statusText, method, path);
  }
}

const reasonOf = (text: string): string => {
  try {
    return textOf(parseJson(text), 'error');
  } catch {
    return '';
  }
};
