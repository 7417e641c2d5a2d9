import { gzipSync } from 'node:zlib';
import type { Answer, HttpClient } from '../../harness/http-client.js';

/** An answer as clients of the new API see it. */
export interface Envelope {
  readonly success: boolean;
  readonly message: string;
  readonly data: unknown;
}

type Headers = Readonly<Record<string, string>>;

/** Variables with which Cairn believes what {@link identified} says. */
export const PANDA_VARIABLES = { PANDA_CERTIFICATE_PROXIES: 'loopback' };

/** Headers of a proxy that has verified the certificate of a person, who may have roles. */
export const identified = (name: string, ...fqans: readonly string[]): Headers => ({
  'x-ssl-client-verify': 'SUCCESS',
  'x-ssl-client-s-dn': `/DC=org/DC=example/CN=${name}`,
  ...(fqans.length > 0 && { 'x-voms-fqan': fqans.join(';') }),
});

export const PRODUCTION = '/wlcg/Role=production';

/** A value of a query: repeated for a list. */
type QueryValue = string | number | boolean | readonly (string | number)[];

export type Query = Readonly<Record<string, QueryValue>>;

const textOf = (value: string | number | boolean): string => {
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  return String(value);
};

/** As Python's `urlencode` writes it. */
export const queryText = (query: Query): string =>
  new URLSearchParams(
    Object.entries(query).flatMap(([name, value]) =>
      (typeof value === 'object' ? value : [value]).map((each): [string, string] => [name, textOf(each)]),
    ),
  ).toString();

const BASE = '/api/v1';
const LEGACY = '/server/panda';
const JSON_HEADERS = { accept: 'application/json', 'content-type': 'application/json' };
const BOUNDARY = '----------the boundary';

/** A form with one file, as curl sends it. */
export const formOf = (
  fileName: string,
  content: Buffer | string,
): { readonly body: Buffer; readonly headers: Headers } => {
  const head = `--${BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="${fileName}"\r\nContent-Type: application/octet-stream\r\n\r\n`;
  const body = Buffer.concat([Buffer.from(head), Buffer.from(content), Buffer.from(`\r\n--${BOUNDARY}--\r\n`)]);
  return { body, headers: { 'content-type': `multipart/form-data; boundary="${BOUNDARY}"` } };
};

/** The fields of URL-encoded text, as `cgi.parse_qs` of pilots reads them: those that are blank are left out. */
export const fieldsOf = (text: string): Readonly<Record<string, string>> =>
  Object.fromEntries([...new URLSearchParams(text)].filter(([, value]) => value !== ''));

/**
 * Speaks to PanDA's API as a client of it does: panda-client and harvester in JSON, pilots in gzip without saying so (PanDA contract 11).
 */
export class PandaClient {
  /** @param identity headers that say who asks, or as what the owner of a token does */
  constructor(
    private readonly http: HttpClient,
    private readonly identity: Headers = {},
  ) {}

  /** `/api/v1/<path>`, as panda-client asks: with JSON headers, and a body that means nothing. */
  async get(path: string, query: Query = {}): Promise<Envelope> {
    const text = queryText(query);
    return envelopeOf(await this.send('GET', `${BASE}/${path}${text === '' ? '' : `?${text}`}`, '{}', JSON_HEADERS));
  }

  async post(path: string, body: object = {}): Promise<Envelope> {
    return envelopeOf(await this.send('POST', `${BASE}/${path}`, JSON.stringify(body), JSON_HEADERS));
  }

  /** As pilots call the new API: compressed, and saying so. */
  async postCompressed(path: string, body: object): Promise<Envelope> {
    const headers = { ...JSON_HEADERS, 'content-encoding': 'gzip' };
    return envelopeOf(await this.send('POST', `${BASE}/${path}`, gzipSync(JSON.stringify(body)), headers));
  }

  async form(path: string, body: Query): Promise<Envelope> {
    const headers = { accept: 'application/json', 'content-type': 'application/x-www-form-urlencoded' };
    return envelopeOf(await this.send('POST', `${BASE}/${path}`, queryText(body), headers));
  }

  async upload(path: string, fileName: string, content: Buffer | string): Promise<Envelope> {
    return envelopeOf(await this.sendFile(`${BASE}/${path}`, fileName, content));
  }

  async uploadLegacy(name: string, fileName: string, content: Buffer | string): Promise<string> {
    return (await this.sendFile(`${LEGACY}/${name}`, fileName, content)).text;
  }

  /** As pilots call the legacy API: compressed without saying so, and without `Accept`. */
  async pilot(name: string, body: object): Promise<Readonly<Record<string, string>>> {
    const headers = { 'content-type': 'application/json' };
    const answer = await this.send('POST', `${LEGACY}/${name}`, gzipSync(JSON.stringify(body)), headers);
    if (answer.status !== 200) throw new Error(`${name}: ${answer.status} ${answer.text}`);
    expect(answer.headers['content-type']).toMatch(/^text\/plain/);
    return fieldsOf(answer.text);
  }

  /** As curl and the harvester of 2019 call the legacy API: a form, asking for JSON. */
  async legacy(name: string, body: Query = {}): Promise<unknown> {
    const headers = { accept: 'application/json', 'content-type': 'application/x-www-form-urlencoded' };
    const answer = await this.send('POST', `${LEGACY}/${name}`, queryText(body), headers);
    if (answer.status !== 200) throw new Error(`${name}: ${answer.status} ${answer.text}`);
    expect(answer.headers['content-type']).toBe('application/json');
    return JSON.parse(answer.text) as unknown;
  }

  /** Whatever the answer is. */
  send(method: string, path: string, body?: string | Buffer, headers: Headers = {}): Promise<Answer> {
    return this.http.send(method, path, { body, headers: { ...this.identity, ...headers } });
  }

  sendFile(path: string, fileName: string, content: Buffer | string): Promise<Answer> {
    const { body, headers } = formOf(fileName, content);
    return this.send('POST', path, body, { accept: 'application/json', ...headers });
  }
}

/** Every answer of the new API has status 200 and exactly three keys (PanDA contract 1.7). */
export const envelopeOf = ({ status, headers, text }: Answer): Envelope => {
  if (status !== 200) throw new Error(`${status} ${text.slice(0, 500)}`);
  expect(headers['content-type']).toBe('application/json');
  const json = JSON.parse(text) as Envelope;
  expect(Object.keys(json)).toEqual(['success', 'message', 'data']);
  return json;
};

export const ok = (data: unknown = null, message = ''): Envelope => ({ success: true, message, data });
export const refused = (message: string, data: unknown = null): Envelope => ({ success: false, message, data });
