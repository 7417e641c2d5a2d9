import { createHash, hash } from 'node:crypto';
import type { Field } from '../route/field.js';
import type { RequestSource } from '../route/request-source.js';

/** By what services know a request that comes again, because its first answer was lost. Base path and token are no part of the path. */

type Always<Value> = Field<Value, 'always'>;

const LINE_END = Buffer.from('\n');

/** Larger requests are hashed without a copy of them. */
const COPIED_MAX = 16 * 1024;

const digestOf = (texts: readonly string[], bytes?: Uint8Array): string => {
  const head = `${texts.join('\n')}\n`;
  // In one call: an object for each hash costs several times as much.
  if (bytes === undefined) return hash('sha256', head, 'base64url');
  if (bytes.length <= COPIED_MAX)
    return hash('sha256', Buffer.concat([Buffer.from(head), bytes, LINE_END]), 'base64url');
  return createHash('sha256').update(head).update(bytes).update(LINE_END).digest('base64url');
};

const ofRequest = (read: (source: RequestSource) => string): Always<string> => ({
  from: 'constant',
  required: false,
  schema: {},
  read,
});

/** Of a request that is a repeat if it comes from the same address (Torc contract 1.8, D32). */
export const digestWithClient = ofRequest(({ pathText, address, bytes }) => digestOf([pathText, address], bytes));
/** Of a request that is a repeat wherever it comes from (Torc contract 5.5, D12). */
export const digestOfRequest = ofRequest(({ pathText, bytes }) => digestOf([pathText], bytes));
/** Of a request whose path alone makes it a repeat (Torc contract 5.4, D12). */
export const digestOfPath = ofRequest(({ pathText }) => digestOf([pathText]));
/** Address of the client: a deletion may be repeated from there (D32). */
export const clientAddress = ofRequest(({ address }) => address);
