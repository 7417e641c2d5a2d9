import { parseJson, textOf, type Json } from '#contracts/iceprod/config/json.js';
import { AccessDenied, HttpClient, type HttpRequest, Refused } from '../worker/http-client.js';
import type { TokenSource } from '../worker/token-source.js';

/** IceProd's refusals name their reason in `error`. */
const reasonIn = (body: string): string => {
  try {
    return textOf(parseJson(body), 'error');
  } catch {
    return '';
  }
};

/** The server accepts the token, but its role may not do this (contract 2.1). */
export const isRoleRefused = (error: unknown): error is AccessDenied =>
  error instanceof AccessDenied && error.cause instanceof Refused && error.cause.reason === 'authorization failed';

interface RestClientOptions {
  readonly url: string;
  readonly token: TokenSource;
  readonly timeoutMs?: number;
  readonly onSilence?: (message: string) => void;
}

type Signals = Pick<HttpRequest, 'signal' | 'lastAttempt'>;

/** JSON client of the IceProd API; numbers keep their digits. */
export class RestClient {
  readonly http: HttpClient;

  constructor(options: RestClientOptions) {
    this.http = new HttpClient({ ...options, reasonIn });
  }

  get(path: string, signals: Signals = {}): Promise<Json> {
    return this.send({ method: 'GET', path, ...signals });
  }

  post(path: string, body: object | string = {}, signals: Signals = {}): Promise<Json> {
    return this.send({ method: 'POST', path, body: textOfBody(body), ...signals });
  }

  put(path: string, body: object | string = {}, signals: Signals = {}): Promise<Json> {
    return this.send({ method: 'PUT', path, body: textOfBody(body), ...signals });
  }

  patch(path: string, body: object | string, signals: Signals = {}): Promise<Json> {
    return this.send({ method: 'PATCH', path, body: textOfBody(body), ...signals });
  }

  delete(path: string, signals: Signals = {}): Promise<Json> {
    return this.send({ method: 'DELETE', path, body: '{}', ...signals });
  }

  private async send(request: HttpRequest): Promise<Json> {
    return parseJson(await this.http.send(request));
  }
}

/** `body` may be JSON text, which is sent as it is. */
const textOfBody = (body: object | string): string => (typeof body === 'string' ? body : JSON.stringify(body));
