import { Agent, type IncomingHttpHeaders, request } from 'node:http';

export interface Answer {
  readonly status: number;
  /** The HTTP reason phrase: IceProd clients read it (contract 1.2.3). */
  readonly reason: string;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

/** An answer without its headers, for comparisons. */
export interface JsonAnswer {
  readonly status: number;
  readonly reason: string;
  readonly json: unknown;
}

interface Sent {
  readonly body?: string | Buffer | undefined;
  readonly headers?: Readonly<Record<string, string>>;
}

const REQUEST_TIMEOUT_MS = 60_000;

/** Speaks like an IceProd client: `Content-Type: application/json` on every request, a bearer token, kept connections. */
export class HttpClient {
  /** @param server its URL is read anew for each request: it may change when the server starts again */
  constructor(
    private readonly server: { readonly url: string },
    private readonly token: string | undefined,
    private readonly agent: Agent = new Agent({ keepAlive: true, maxSockets: 64 }),
  ) {}

  as(token: string | undefined): HttpClient {
    return new HttpClient(this.server, token, this.agent);
  }

  close(): void {
    this.agent.destroy();
  }

  async get(path: string): Promise<JsonAnswer> {
    return jsonAnswer(await this.send('GET', path));
  }

  async post(path: string, body: unknown = {}): Promise<JsonAnswer> {
    return jsonAnswer(await this.send('POST', path, { body: textOf(body) }));
  }

  async put(path: string, body: unknown = {}): Promise<JsonAnswer> {
    return jsonAnswer(await this.send('PUT', path, { body: textOf(body) }));
  }

  async patch(path: string, body: unknown = {}): Promise<JsonAnswer> {
    return jsonAnswer(await this.send('PATCH', path, { body: textOf(body) }));
  }

  /** Sends exactly these bytes and headers. */
  send(method: string, path: string, { body, headers = {} }: Sent = {}): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const sending = request(
        `${this.server.url}${path}`,
        {
          method,
          agent: this.agent,
          timeout: REQUEST_TIMEOUT_MS,
          headers: {
            'content-type': 'application/json',
            ...(this.token === undefined ? {} : { authorization: `Bearer ${this.token}` }),
            ...(body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) }),
            ...headers,
          },
        },
        (response) => {
          const answer = {
            status: response.statusCode ?? 0,
            reason: response.statusMessage ?? '',
            headers: response.headers,
          };
          // A stream of events has no end.
          if (response.headers['content-type']?.startsWith('text/event-stream') === true) {
            response.destroy();
            resolve({ ...answer, text: '' });
            return;
          }
          const chunks: Buffer[] = [];
          response.on('data', (chunk: Buffer) => chunks.push(chunk));
          response.on('error', reject);
          response.on('end', () => {
            resolve({ ...answer, text: Buffer.concat(chunks).toString() });
          });
        },
      );
      sending.on('timeout', () => sending.destroy(new Error(`${method} ${path} timed out`)));
      sending.on('error', reject);
      sending.end(body);
    });
  }
}

/** A string is sent as it is; everything else as JSON. */
const textOf = (body: unknown): string => (typeof body === 'string' ? body : JSON.stringify(body));

export const jsonAnswer = ({ status, reason, text }: Answer): JsonAnswer => {
  try {
    return { status, reason, json: JSON.parse(text) as unknown };
  } catch {
    return { status, reason, json: `not JSON: ${text.slice(0, 500)}` };
  }
};
