import { type HttpClient, jsonAnswer } from '../../harness/http-client.js';

export interface TorcAnswer {
  readonly status: number;
  readonly json: unknown;
}

/** The base path under which most tests speak to Cairn, as the client is configured for one database of a team. */
export const BASE = '/_db/test_db/torc-service';

const HEADERS = { accept: 'application/json', 'user-agent': 'OpenAPI-Generator/0.6.4/python' };

/** Speaks like the generated client 0.6.4: POST and PUT without a body carry length 0, DELETE neither length nor body (contract 1.3). */
export class TorcClient {
  constructor(
    readonly http: HttpClient,
    private readonly base: string = BASE,
  ) {}

  /** The same client with another base URL. */
  at(base: string): TorcClient {
    return new TorcClient(this.http, base);
  }

  get(path: string): Promise<TorcAnswer> {
    return this.send('GET', path);
  }

  post(path: string, body?: unknown): Promise<TorcAnswer> {
    return this.send('POST', path, body === undefined ? '' : JSON.stringify(body));
  }

  put(path: string, body?: unknown): Promise<TorcAnswer> {
    return this.send('PUT', path, body === undefined ? '' : JSON.stringify(body));
  }

  delete(path: string, body?: unknown): Promise<TorcAnswer> {
    return this.send('DELETE', path, body === undefined ? undefined : JSON.stringify(body));
  }

  async send(method: string, path: string, body?: string): Promise<TorcAnswer> {
    const answer = await this.http.send(method, `${this.base}${path}`, { body, headers: HEADERS });
    const { status, json } = jsonAnswer(answer);
    return { status, json: withoutOptionalFields(method, json) };
  }

  /** The bytes of an answer. */
  async text(path: string): Promise<string> {
    return (await this.http.send('GET', `${this.base}${path}`, { headers: HEADERS })).text;
  }
}

/** Leaves out what a server may answer besides: `limit` of lists (contract 1.6), `_oldRev` of writing calls (1.5). */
const withoutOptionalFields = (method: string, json: unknown): unknown => {
  if (typeof json !== 'object' || json === null || Array.isArray(json)) return json;
  const isOptional = (name: string): boolean =>
    (name === 'limit' && 'max_limit' in json) || (name === '_oldRev' && method !== 'GET');
  return Object.fromEntries(Object.entries(json).filter(([name]) => !isOptional(name)));
};
