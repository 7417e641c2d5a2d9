import type { preParsingHookHandler } from 'fastify';
import type { IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';
import {
  type BrotliDecompress,
  createBrotliDecompress,
  createGunzip,
  createInflate,
  type Gunzip,
  type Inflate,
} from 'node:zlib';
import { tooLarge } from '../body/read-body.js';
import { HttpError } from './request-error.js';
import type { SendError } from './send-error.js';

const CHUNK_SIZE = 64 * 1024;

type Decoder = Gunzip | Inflate | BrotliDecompress;

const DECODERS: Readonly<Record<string, () => Decoder>> = {
  gzip: () => createGunzip({ chunkSize: CHUNK_SIZE }),
  'x-gzip': () => createGunzip({ chunkSize: CHUNK_SIZE }),
  deflate: () => createInflate({ chunkSize: CHUNK_SIZE }),
  br: () => createBrotliDecompress({ chunkSize: CHUNK_SIZE }),
};
const ACCEPTED = 'gzip, deflate, br';

/** Bodies that decode to more than this must not be much smaller before. */
const RATIO_FREE_BYTES = 8 * 1024 * 1024;
/** A log that repeats one line reaches 350, the same character for ever 1,030. */
const RATIO_MAX = 500;

/**
 * Decodes no faster than the chunks are taken, and stops at the limit: a small body may decode to a huge one.
 *
 * @throws HttpError when the body is corrupt, breaks off, has more than `bytesMax` bytes once decoded, or grows like a bomb
 */
async function* decoded(
  source: IncomingMessage,
  decoder: Decoder,
  encoding: string,
  bytesMax: number,
): AsyncGenerator<Buffer, void, void> {
  const stopIfBrokenOff = (): void => {
    if (!source.complete) decoder.destroy(new HttpError(400, 'body broke off'));
  };
  source.once('close', stopIfBrokenOff);
  let bytes = 0;
  try {
    for await (const chunk of source.pipe(decoder) as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      if (bytes > bytesMax) throw tooLarge();
      if (bytes > RATIO_FREE_BYTES && bytes > RATIO_MAX * decoder.bytesWritten) {
        throw new HttpError(400, `body is more than ${RATIO_MAX} times as large once decoded`);
      }
      yield chunk;
    }
  } catch (error) {
    throw error instanceof HttpError ? error : new HttpError(400, `body is not valid ${encoding}`);
  } finally {
    source.off('close', stopIfBrokenOff).unpipe(decoder);
    decoder.destroy();
    // What is still on its way is dropped, so that a client that sends all before it reads gets the response.
    source.resume();
  }
}

/** Decodes bodies with a `Content-Encoding`. The limit of the body's size holds for the decoded body. */
export const requestDecoding =
  (sendError: SendError): preParsingHookHandler =>
  (request, reply, payload, done) => {
    const { headers, raw } = request;
    const encoding = headers['content-encoding']?.trim().toLowerCase() ?? 'identity';
    // Requests without a body have lost their content type by now.
    if (encoding === 'identity' || encoding === '' || headers['content-type'] === undefined) {
      done(null, payload);
      return;
    }
    const createDecoder = Object.hasOwn(DECODERS, encoding) ? DECODERS[encoding] : undefined;
    if (createDecoder === undefined) {
      const text = `Content-Encoding must be one of ${ACCEPTED}`;
      sendError(request, reply, new HttpError(415, text, { 'accept-encoding': ACCEPTED }));
      return;
    }
    const bytesMax = request.bodyLimits?.bytesMax ?? 0;
    if (Number(headers['content-length']) > bytesMax) {
      sendError(request, reply, tooLarge());
      return;
    }
    // It is the length of the encoded body; Fastify would compare it with that of the decoded one.
    headers['content-length'] = undefined;
    const body = Readable.from(decoded(raw, createDecoder(), encoding, bytesMax), { objectMode: false });
    // The reader gets the error too; after a rejected request there is none.
    body.on('error', () => undefined);
    done(null, body);
  };
