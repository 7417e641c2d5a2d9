import { isUtf8 } from 'node:buffer';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import type { JsonLimits } from '#contracts/json-scanner.js';
import { nonFiniteAsNull } from '#contracts/non-finite.js';
import { DomainError } from '#platform/domain-error.js';
import { isObject } from '#platform/json-object.js';
import { checkBody, tooLarge } from '../../body/read-body.js';
import { HttpError } from '../../edge/request-error.js';
import type { Encoding, Sent } from './parameters.js';

/** Bodies of lists of jobs and of tasks with many files are large; parsing these takes some 50 ms at most. */
export const JSON_BYTES_MAX = 16 * 1024 * 1024;

const JSON_LIMITS: JsonLimits & { readonly bytesMax: number } = {
  bytesMax: JSON_BYTES_MAX,
  valuesMax: 400_000,
  namesMax: 400_000,
  levelsMax: 100,
};

/** Parameters as they came. */
export interface Decoded {
  readonly sent: Sent;
  readonly encoding: Encoding;
}

const add = (sent: Map<string, unknown>, name: string, value: string): void => {
  const before = sent.get(name);
  if (before === undefined) sent.set(name, value);
  else sent.set(name, Array.isArray(before) ? [...(before as readonly unknown[]), value] : [before, value]);
};

/** Texts by name; those of a repeated name become a list, and blank ones are kept. */
export const collected = (pairs: Iterable<readonly [string, string]>): Sent => {
  const sent = new Map<string, unknown>();
  for (const [name, value] of pairs) add(sent, name, value);
  return sent;
};

/** The query string of a URL. */
export const queryOf = (url: string): string => {
  const [before = ''] = url.split('#', 1);
  const at = before.indexOf('?');
  return at === -1 ? '' : before.slice(at + 1);
};

export const fromQuery = (url: string): Decoded => ({
  sent: collected(new URLSearchParams(queryOf(url))),
  encoding: 'text',
});

export const fromForm = (body: Buffer): Decoded => ({
  sent: collected(new URLSearchParams(body.toString('utf8'))),
  encoding: 'text',
});

const inflate = promisify<Buffer, object, Buffer>(gunzip);

const isGzip = (body: Buffer): boolean => body.length > 2 && body[0] === 0x1f && body[1] === 0x8b;

/** Pilots compress without saying so (contract 1.4). */
const unzipped = async (body: Buffer): Promise<Buffer> => {
  if (!isGzip(body)) return body;
  try {
    return await inflate(body, { maxOutputLength: JSON_BYTES_MAX });
  } catch (error) {
    if (error instanceof RangeError) throw tooLarge();
    throw new HttpError(500, 'body is not valid gzip');
  }
};

const invalidJson = (detail: string): HttpError => new HttpError(500, `ERROR : received invalid JSON : ${detail}`);

/** Non-finite numbers, as Python writes them, count as null. */
const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    const read = nonFiniteAsNull(text);
    if (read !== undefined) return read.value;
    throw invalidJson(error instanceof Error ? error.message : 'not JSON');
  }
};

const checkLimits = (bytes: Buffer): void => {
  try {
    checkBody(bytes, JSON_LIMITS);
  } catch (error) {
    throw error instanceof DomainError ? invalidJson(error.message) : error;
  }
};

/** @throws (rejects with) HttpError */
export const fromJson = async (body: Buffer): Promise<Decoded> => {
  const bytes = await unzipped(body);
  if (bytes.length > JSON_BYTES_MAX) throw tooLarge();
  if (!isUtf8(bytes)) throw invalidJson('not UTF-8');
  checkLimits(bytes);
  const text = bytes.toString('utf8');
  const value = text.trim() === '' ? {} : parsed(text);
  if (!isObject(value)) throw invalidJson('not an object');
  return { sent: new Map(Object.entries(value)), encoding: 'json' };
};
