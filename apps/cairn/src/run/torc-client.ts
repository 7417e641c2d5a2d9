import { HttpClient, type HttpClientOptions, type HttpRequest, type Method } from '../worker/http-client.js';
import type { TorcList } from './torc-documents.js';

/** Refusals name their reason in `errorMessage` (Torc contract 1.7). */
const reasonIn = (body: string): string => {
  try {
    const value: unknown = JSON.parse(body);
    const isError = typeof value === 'object' && value !== null && 'errorMessage' in value;
    return isError ? String(value.errorMessage) : '';
  } catch {
    return '';
  }
};

export type Signals = Pick<HttpRequest, 'signal' | 'lastAttempt'>;

/** The URL is the base URL, as the Torc client gets it. */
type TorcClientOptions = Pick<HttpClientOptions, 'url' | 'token' | 'timeoutMs' | 'lost' | 'onSilence'>;

/** JSON client of the Torc API. */
export class TorcClient {
  readonly http: HttpClient;

  constructor(options: TorcClientOptions) {
    this.http = new HttpClient({ ...options, reasonIn });
  }

  get<Answer>(path: string, signals: Signals = {}): Promise<Answer> {
    return this.send('GET', path, undefined, signals);
  }

  post<Answer>(path: string, body?: object, signals: Signals = {}): Promise<Answer> {
    return this.send('POST', path, body, signals);
  }

  put<Answer>(path: string, body?: object, signals: Signals = {}): Promise<Answer> {
    return this.send('PUT', path, body, signals);
  }

  /** All pages of a list (Torc contract 1.6). */
  async list<Item>(path: string, signals: Signals = {}): Promise<readonly Item[]> {
    let items: readonly Item[] = [];
    for (;;) {
      const separator = path.includes('?') ? '&' : '?';
      const page = await this.get<TorcList<Item>>(`${path}${separator}skip=${items.length}`, signals);
      items = items.concat(page.items);
      if (!page.has_more || page.count === 0) return items;
    }
  }

  /** How many documents a list has. */
  async count(path: string, signals: Signals = {}): Promise<number> {
    const separator = path.includes('?') ? '&' : '?';
    return (await this.get<TorcList<unknown>>(`${path}${separator}limit=0`, signals)).total_count;
  }

  private async send<Answer>(
    method: Method,
    path: string,
    body: object | undefined,
    signals: Signals,
  ): Promise<Answer> {
    const text = await this.http.send({
      method,
      path,
      ...(body !== undefined && { body: JSON.stringify(body) }),
      ...signals,
    });
    return JSON.parse(text) as Answer;
  }
}

/** Calls of one workflow: paths are below `/workflows/{key}`. */
export const workflowPath = (key: string, rest = ''): string => `/workflows/${encodeURIComponent(key)}${rest}`;
