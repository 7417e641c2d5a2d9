import { isObject } from '#platform/json-object.js';
import { type Envelope, failure, type LegacyAnswer, type RawAnswer, RawJson } from './function.js';

/** JSON text of a value that may have ready texts in it. */
export const jsonText = (value: unknown): string => {
  if (value instanceof RawJson) return value.text;
  if (Array.isArray(value)) return `[${value.map(jsonText).join(',')}]`;
  if (isObject(value)) {
    const members = Object.entries(value).filter(([, member]) => member !== undefined);
    return `{${members.map(([name, member]) => `${JSON.stringify(name)}:${jsonText(member)}`).join(',')}}`;
  }
  return JSON.stringify(value ?? null);
};

/** Exactly three keys, in this order (contract 1.7). */
const envelopeStart = ({ success, message }: Envelope): string =>
  `{"success":${String(success)},"message":${JSON.stringify(message)},"data":`;

export const envelopeText = (envelope: Envelope): string => `${envelopeStart(envelope)}${jsonText(envelope.data)}}`;

/** The same with data that comes in pieces. */
export async function* envelopePieces(
  envelope: Envelope,
  pieces: AsyncIterable<string>,
): AsyncGenerator<string, void, void> {
  yield envelopeStart(envelope);
  yield* pieces;
  yield '}';
}

export const failureText = (message: string): string => envelopeText(failure(message));

/** A JSON text cut into pieces of one string. */
export async function* jsonString(pieces: AsyncIterable<string>): AsyncGenerator<string, void, void> {
  yield '"';
  for await (const piece of pieces) yield JSON.stringify(piece).slice(1, -1);
  yield '"';
}

/** A value of URL-encoded text: nested ones as JSON text, others as Python prints them (contract 12). */
const fieldText = (value: unknown): string => {
  if (typeof value === 'string') return value;
  if (value === null || value === undefined) return 'None';
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  return typeof value === 'number' ? String(value) : jsonText(value);
};

/** As Python's `urlencode` writes it. */
const urlEncoded = (fields: Readonly<Record<string, unknown>>): string =>
  new URLSearchParams(
    Object.entries(fields)
      .filter(([, value]) => value !== undefined)
      .map(([name, value]): [string, string] => [name, fieldText(value)]),
  ).toString();

export interface Answered {
  readonly status: number;
  readonly contentType: string;
  readonly body: string;
}

export const JSON_TYPE = 'application/json';
export const TEXT_TYPE = 'text/plain; charset=utf-8';

export const asJson = (body: string, status = 200): Answered => ({ status, contentType: JSON_TYPE, body });
export const asText = (body: string, status = 200): Answered => ({ status, contentType: TEXT_TYPE, body });

/** Of paths outside of both APIs. */
export const NOT_FOUND: RawAnswer = { status: 404, contentType: TEXT_TYPE, content: 'not found' };

const REFUSALS = { 403: 'forbidden', 404: 'not found' } as const;

/** @param wantsJson whether the client accepts JSON */
export const legacyAnswer = (answer: LegacyAnswer, wantsJson: boolean): Answered => {
  switch (answer.kind) {
    case 'fields':
      return wantsJson ? asJson(jsonText(answer.fields)) : asText(urlEncoded(answer.fields));
    case 'json':
      return asJson(jsonText(answer.value));
    case 'text':
      return asText(answer.text);
    case 'refused':
      return asText(REFUSALS[answer.status], answer.status);
  }
};
