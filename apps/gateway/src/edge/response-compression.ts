import type { FastifyReply, onSendHookHandler } from 'fastify';
import { pipeline, Readable, type Transform } from 'node:stream';
import { promisify } from 'node:util';
import { brotliCompress, constants, createBrotliCompress, createDeflate, createGzip, deflate, gzip } from 'node:zlib';
import { isResponseBody, isText } from './response-body.js';

/** Smaller bodies take longer to compress than to send, so that responses about one thing stay as they are. */
export const COMPRESSED_BYTES_MIN = 16 * 1024;

/** Of JSON, higher levels save little and take twice as long. What has been written of a stream is sent at once. */
const ZLIB = { level: 1, flush: constants.Z_SYNC_FLUSH };
const BROTLI = { params: { [constants.BROTLI_PARAM_QUALITY]: 1 }, flush: constants.BROTLI_OPERATION_FLUSH };

type Whole = string | Buffer;

interface Encoding {
  readonly name: string;
  /** Works beside the event loop. */
  readonly compress: (body: Whole) => Promise<Buffer>;
  readonly stream: () => Transform;
}

const gzipped = promisify<Whole, object, Buffer>(gzip);
const deflated = promisify<Whole, object, Buffer>(deflate);
const brotlied = promisify<Whole, object, Buffer>(brotliCompress);

/** The fastest one first: of those that a client likes equally, the first is used. */
const ENCODINGS: readonly Encoding[] = [
  { name: 'gzip', compress: (body) => gzipped(body, { level: ZLIB.level }), stream: () => createGzip(ZLIB) },
  {
    name: 'br',
    compress: (body) => brotlied(body, { params: BROTLI.params }),
    stream: () => createBrotliCompress(BROTLI),
  },
  { name: 'deflate', compress: (body) => deflated(body, { level: ZLIB.level }), stream: () => createDeflate(ZLIB) },
];

/** Weights by name in lower case (RFC 9110, 12.5.3). */
const weightsOf = (accepted: string): ReadonlyMap<string, number> =>
  new Map(
    accepted.split(',').map((part) => {
      const [name = '', weight] = part.split(/;\s*q=/i);
      return [name.trim().toLowerCase(), weight === undefined ? 1 : Number(weight)];
    }),
  );

/** The encoding that an `Accept-Encoding` prefers; undefined when the body is to stay as it is. */
export const preferredEncoding = (accepted: string | undefined): Encoding | undefined => {
  if (accepted === undefined) return undefined;
  const weights = weightsOf(accepted);
  const weightOf = ({ name }: Encoding): number => weights.get(name) ?? weights.get('*') ?? 0;
  const [preferred] = ENCODINGS.toSorted((one, other) => weightOf(other) - weightOf(one));
  if (preferred === undefined || !(weightOf(preferred) > 0)) return undefined;
  return weightOf(preferred) >= (weights.get('identity') ?? 0) ? preferred : undefined;
};

const addVary = (reply: FastifyReply): void => {
  const vary = reply.getHeader('vary');
  void reply.header('vary', typeof vary === 'string' ? `${vary}, Accept-Encoding` : 'Accept-Encoding');
};

/** What is encoded already, and what must arrive byte by byte. */
const mustStay = (reply: FastifyReply): boolean =>
  reply.hasHeader('content-encoding') || /\bno-transform\b/.test(String(reply.getHeader('cache-control')));

/** Compresses long texts where the client accepts it. Errors and short bodies stay as they are. */
export const responseCompression: onSendHookHandler = (request, reply, payload, done) => {
  const isShort = typeof payload === 'string' && payload.length < COMPRESSED_BYTES_MIN;
  if (isShort || mustStay(reply) || !isResponseBody(payload) || reply.statusCode >= 300 || !isText(reply)) {
    done(null, payload);
    return;
  }
  if (Buffer.isBuffer(payload) && payload.length < COMPRESSED_BYTES_MIN) {
    done(null, payload);
    return;
  }
  addVary(reply);
  const encoding = preferredEncoding(request.headers['accept-encoding']);
  if (encoding === undefined) {
    done(null, payload);
    return;
  }
  void reply.header('content-encoding', encoding.name).removeHeader('content-length');
  if (payload instanceof Readable) {
    // An error of either stream destroys both: Fastify breaks the connection off.
    done(
      null,
      pipeline(payload, encoding.stream(), () => undefined),
    );
    return;
  }
  encoding.compress(payload).then((compressed) => done(null, compressed), done);
};
