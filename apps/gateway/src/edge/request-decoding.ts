import type { preParsingHookHandler } from 'fastify';
import type { IncomingMessage } from 'node:http';
import { Readable, type Transform } from 'node:stream';
import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib';
import { HttpError } from './request-error.js';
import type { SendError } from './send-error.js';

const CHUNK_SIZE = 64 * 1024;

const DECODERS: Readonly<Record<string, () => Transform>> = {
  gzip: () => createGunzip({ chunkSize: CHUNK_SIZE }),
  'x-gzip': () => createGunzip({ chunkSize: CHUNK_SIZE }),
  deflate: () => createInflate({ chunkSize: CHUNK_SIZE }),
  br: () => createBrotliDecompress({ chunkSize: CHUNK_SIZE }),
};
const ACCEPTED = 'gzip, deflate, br';

const tooLarge = (): HttpError => new HttpError(413, 'Request body is too large');

/**
 * Decodes no faster than the chunks are taken, and stops at the limit: a small body may decode to a huge one.
 *
 * @throws HttpError when the body is corrupt, breaks off, or has more than `bytesMax` bytes once decoded
 */
async function* decoded(
  source: IncomingMessage,
  decoder: Transform,
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
    const bytesMax = request.routeOptions.bodyLimit;
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
