import { isUtf8 } from 'node:buffer';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import type { JsonLimits } from '#contracts/json-scanner.js';
import { nonFiniteAsNull } from '#contracts/non-finite.js';
import { DomainError } from '#platform/domain-error.js';
import { isObject } from '#platform/json-object.js';
import { checkBody, occursMoreThan, tooLarge } from '../../body/read-body.js';
import { HttpError } from '../../edge/request-error.js';
import type { Encoding, Sent } from './parameters.js';

const MIB = 1024 * 1024;

/** 100,000 event ranges with all their fields in one call (contract 5.2), or a task with as many files: parsing takes some 100 ms. */
export const JSON_BYTES_MAX = 24 * MIB;

/** What the body of a request may have at most. */
export type DecodingLimits = JsonLimits & { readonly bytesMax: number };

export const LIMITS: DecodingLimits = {
  bytesMax: JSON_BYTES_MAX,
  valuesMax: 1_000_000,
  namesMax: 1_000_000,
  differentNamesMax: 20_000,
  levelsMax: 100,
};

/** Of callers whom nobody knows. What they may ask for is small. */
export const ANONYMOUS_LIMITS: DecodingLimits = { ...LIMITS, bytesMax: MIB, valuesMax: 50_000, namesMax: 50_000 };

/** Lists are JSON texts in one of them. */
const FORM_SEPARATORS_MAX = 1_000;
const AMPERSAND = 0x26;
/** The longest name of a first field by which a form is known. */
const FORM_HEAD_BYTES = 256;

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

/** @throws HttpError */
export const fromForm = (body: Buffer): Decoded => {
  if (occursMoreThan(FORM_SEPARATORS_MAX, AMPERSAND, body)) throw tooLarge();
  return { sent: collected(new URLSearchParams(body.toString('utf8'))), encoding: 'text' };
};

/** Whether a body whose type is not told looks like a form, as which panda-client sends some. */
export const isFormLike = (body: Buffer): boolean => /^[\w.~+%-]+=/u.test(body.toString('latin1', 0, FORM_HEAD_BYTES));

const inflate = promisify<Buffer, object, Buffer>(gunzip);

const isGzip = (body: Buffer): boolean => body.length > 2 && body[0] === 0x1f && body[1] === 0x8b;

/** Pilots compress without saying so (contract 1.4). */
const unzipped = async (body: Buffer, bytesMax: number): Promise<Buffer> => {
  if (!isGzip(body)) return body;
  try {
    return await inflate(body, { maxOutputLength: bytesMax });
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

const checkLimits = (bytes: Buffer, limits: DecodingLimits): void => {
  try {
    checkBody(bytes, limits);
  } catch (error) {
    throw error instanceof DomainError ? invalidJson(error.message) : error;
  }
};

/** @throws (rejects with) HttpError */
export const fromJson = async (body: Buffer, limits: DecodingLimits): Promise<Decoded> => {
  const bytes = await unzipped(body, limits.bytesMax);
  if (bytes.length > limits.bytesMax) throw tooLarge();
  if (!isUtf8(bytes)) throw invalidJson('not UTF-8');
  checkLimits(bytes, limits);
  const text = bytes.toString('utf8');
  const value = text.trim() === '' ? {} : parsed(text);
  if (!isObject(value)) throw invalidJson('not an object');
  return { sent: new Map(Object.entries(value)), encoding: 'json' };
};
