import { IncomingMessage } from 'node:http';
import type { Readable } from 'node:stream';
import { JsonScanner } from '#contracts/json-scanner.js';
import { HttpError } from '../edge/request-error.js';
import { release } from '../route/body-chunks.js';
import { invalid } from '../route/request-source.js';
import type { BodyAccount } from './body-budget.js';
import type { BodyLimits } from './body-limits.js';

/** Larger bodies are read on only if the caller may do what the request asks for, and are scanned while they arrive. */
const LARGE_BYTES = 64 * 1024;

/** What reading a body needs to know. */
export interface BodyReading {
  readonly limits: BodyLimits;
  readonly account: BodyAccount;
  /** Rejects when the caller may not make this request, as far as that is known without the body. */
  readonly authorize: () => Promise<void>;
}

export const tooLarge = (): HttpError => new HttpError(413, 'Request body is too large');

/**
 * Drops what is still on its way, so that a client that sends all before it reads gets the response. Who has read so far reads no more: a reader
 * that was left would stop the stream.
 */
export const dropRest = (stream: Readable): void => {
  if (stream instanceof IncomingMessage) stream.removeAllListeners('data').on('data', release).resume();
  else stream.destroy();
};

const refuseExcess = (excess: string | undefined): void => {
  if (excess !== undefined) throw invalid(`body ${excess}`);
};

/** Whether a byte occurs more often than this. */
export const occursMoreThan = (most: number, byte: number, body: Buffer): boolean => {
  let count = 0;
  for (let at = body.indexOf(byte); at !== -1; at = body.indexOf(byte, at + 1)) {
    count += 1;
    if (count > most) return true;
  }
  return false;
};

/**
 * Checks the levels of a body so small that it cannot hold too many values. Most have few brackets, and are not scanned.
 *
 * @throws DomainError kind `invalid`
 */
const checkSmallBody = (body: Buffer, limits: BodyLimits): void => {
  const bracketsMax = limits.levelsMax / 2;
  if (occursMoreThan(bracketsMax, 0x7b, body) || occursMoreThan(bracketsMax, 0x5b, body)) {
    refuseExcess(new JsonScanner(limits).feed(body));
  }
};

/**
 * Checks a whole body.
 *
 * @throws DomainError kind `invalid`
 */
export const checkBody = (body: Buffer, limits: BodyLimits): void => {
  if (limits.isRaw === true) return;
  if (body.length > LARGE_BYTES) refuseExcess(new JsonScanner(limits).feed(body));
  else checkSmallBody(body, limits);
};

/**
 * Reads a body into memory. Nothing that exceeds a limit is read further.
 *
 * @throws (rejects with) DomainError kind `invalid`, HttpError, or whatever `authorize` rejects with
 */
export const readBody = (stream: Readable, { limits, account, authorize }: BodyReading): Promise<Buffer> =>
  new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    let scanner: JsonScanner | undefined;
    let isAuthorized = false;

    const stop = (): void => {
      stream.off('data', take).off('end', end).off('error', fail).off('close', breakOff);
    };
    const fail = (error: unknown): void => {
      stop();
      // Errors of a stream may still come.
      stream.on('error', () => undefined);
      for (const chunk of chunks.splice(0)) release(chunk);
      dropRest(stream);
      reject(error instanceof Error ? error : new Error(String(error)));
    };
    const breakOff = (): void => fail(new HttpError(400, 'body broke off'));

    const scanHeld = (): void => {
      try {
        if (limits.isRaw === true) {
          stream.resume();
          return;
        }
        scanner = new JsonScanner(limits);
        for (const chunk of chunks) refuseExcess(scanner.feed(chunk));
        stream.resume();
      } catch (error) {
        fail(error);
      }
    };
    const take = (chunk: Buffer): void => {
      try {
        bytes += chunk.length;
        if (bytes > limits.bytesMax) throw tooLarge();
        account.holds(bytes);
        chunks.push(chunk);
        if (scanner !== undefined) refuseExcess(scanner.feed(chunk));
        else if (bytes > LARGE_BYTES && !isAuthorized) {
          isAuthorized = true;
          stream.pause();
          authorize().then(scanHeld, fail);
        }
      } catch (error) {
        fail(error);
      }
    };
    const end = (): void => {
      stop();
      // Copied even if it is one chunk, which may be a part of a larger buffer.
      const body = Buffer.concat(chunks, bytes);
      try {
        if (bytes <= LARGE_BYTES) {
          checkBody(body, limits);
          resolve(body);
        } else {
          // Joining the chunks of a large body takes as long as parsing it: other requests get their turn in between.
          setImmediate(resolve, body);
        }
      } catch (error) {
        fail(error);
      }
    };
    stream.on('data', take).on('end', end).on('error', fail).on('close', breakOff);
  });
