import { randomUUID } from 'node:crypto';
import type { Answer, HttpClient } from '../../harness/http-client.js';

/** Variables with which Cairn believes what {@link identified} says. */
export const PANDA_VARIABLES = { PANDA_CERTIFICATE_PROXIES: 'loopback' };

export interface Envelope {
  readonly success: boolean;
  readonly message: string;
  readonly data: unknown;
}

type Headers = Readonly<Record<string, string>>;
type Query = Readonly<Record<string, string | number | boolean | readonly string[]>>;

/** Headers of a proxy that has verified the certificate of a person, who may have roles. */
export const identified = (name: string, ...fqans: readonly string[]): Headers => ({
  'x-ssl-client-verify': 'SUCCESS',
  'x-ssl-client-s-dn': `/DC=org/DC=example/CN=${name}`,
  ...(fqans.length > 0 && { 'x-voms-fqan': fqans.join(';') }),
});

export const PRODUCTION = '/wlcg/Role=production';

const envelopeIn = ({ status, text }: Answer): Envelope => {
  if (status !== 200) throw new Error(`status ${String(status)}: ${text}`);
  return JSON.parse(text) as Envelope;
};

/** A form with one file, as curl sends it. */
export const formOf = (
  fileName: string,
  content: Buffer | string,
): { readonly body: Buffer; readonly headers: Headers } => {
  const boundary = `----${randomUUID()}`;
  const head = `--${boundary}\r\nContent-Disposition: form-data; name="file"; filename="${fileName}"\r\nContent-Type: application/octet-stream\r\n\r\n`;
  const body = Buffer.concat([Buffer.from(head), Buffer.from(content), Buffer.from(`\r\n--${boundary}--\r\n`)]);
  return { body, headers: { 'content-type': `multipart/form-data; boundary=${boundary}` } };
};

/** Speaks like PanDA's clients. */
export class PandaClient {
  constructor(
    private readonly client: HttpClient,
    private readonly identity: Headers = {},
  ) {}

  send(method: string, path: string, body?: string | Buffer, headers: Headers = {}): Promise<Answer> {
    return this.client.send(method, path, {
      ...(body !== undefined && { body }),
      headers: { accept: 'application/json', ...this.identity, ...headers },
    });
  }

  /** @param name such as `task/get_status` */
  async get(name: string, query: Query = {}): Promise<Envelope> {
    const search = new URLSearchParams(
      Object.entries(query).flatMap(([key, value]) =>
        (Array.isArray(value) ? (value as readonly string[]) : [String(value)]).map((each): [string, string] => [
          key,
          each,
        ]),
      ),
    );
    return envelopeIn(await this.send('GET', `/api/v1/${name}?${search.toString()}`));
  }

  async post(name: string, parameters: object = {}): Promise<Envelope> {
    return envelopeIn(await this.send('POST', `/api/v1/${name}`, JSON.stringify(parameters)));
  }

  async upload(name: string, fileName: string, content: Buffer | string): Promise<Envelope> {
    return envelopeIn(await this.sendFile(`/api/v1/file_server/${name}`, fileName, content));
  }

  sendFile(path: string, fileName: string, content: Buffer | string): Promise<Answer> {
    const { body, headers } = formOf(fileName, content);
    return this.send('POST', path, body, headers);
  }

  /** As old clients send it: URL-encoded. */
  async legacy(name: string, parameters: Readonly<Record<string, string>> = {}): Promise<unknown> {
    const { status, text } = await this.send(
      'POST',
      `/server/panda/${name}`,
      new URLSearchParams(parameters).toString(),
      {
        'content-type': 'application/x-www-form-urlencoded',
      },
    );
    if (status !== 200) throw new Error(`status ${String(status)}: ${text}`);
    return JSON.parse(text);
  }

  /** As old clients send a file; answers are texts. */
  async legacyFile(name: string, fileName: string, content: Buffer | string): Promise<string> {
    return (await this.sendFile(`/server/panda/${name}`, fileName, content)).text;
  }
}
