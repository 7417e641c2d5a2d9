import { objectIn } from '#platform/json-object.js';
import { HttpClient, Refused } from '../worker/http-client.js';
import type { TokenSource } from '../worker/token-source.js';

interface PandaClientOptions {
  readonly url: string;
  readonly token: TokenSource;
  /** VO and role (PanDA contract 2.5), `wlcg:pilot` for example. */
  readonly origin: string;
  readonly timeoutMs: number;
  readonly onSilence: (message: string) => void;
}

/** What a function answers (PanDA contract 1.7). */
export interface Envelope {
  readonly success: boolean;
  readonly message: string;
  readonly data: unknown;
}

interface Signals {
  readonly lastAttempt?: AbortSignal;
  readonly signal?: AbortSignal;
}

const OK = 200;

/** Failures that are not handled are plain text. */
const reasonIn = (body: string): string => body.split('\n', 1)[0] ?? '';

/** JSON client of the PanDA API. */
export class PandaClient {
  readonly http: HttpClient;

  constructor({ origin, ...options }: PandaClientOptions) {
    const headers = { origin, accept: 'application/json' };
    this.http = new HttpClient({ ...options, headers, reasonIn });
  }

  /**
   * Calls a function of the pilots' module.
   *
   * @throws what {@link HttpClient.send} throws
   */
  async call(name: string, parameters: object, signals: Signals = {}): Promise<Envelope> {
    const path = pilotPath(name);
    const text = await this.http.send({ method: 'POST', path, body: JSON.stringify(parameters), ...signals });
    const { success, message, data } = objectIn(text) ?? {};
    if (typeof success !== 'boolean') throw new Refused(OK, 'the answer is no envelope', `POST ${path}`);
    return { success, message: typeof message === 'string' ? message : '', data };
  }
}

export const pilotPath = (name: string): string => `/api/v1/pilot/${name}`;
