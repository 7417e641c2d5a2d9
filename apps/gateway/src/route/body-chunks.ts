import type { Readable } from 'node:stream';
import { finished } from 'node:stream/promises';

/**
 * The body of a request as it arrives, no faster than it is consumed; each chunk belongs to the consumer. Ending early
 * leaves the connection open, because it carries the answer.
 *
 * @throws Error when the body breaks off
 */
export async function* bodyChunks(stream: Readable): AsyncGenerator<Buffer, void, void> {
  /** In the end nothing. */
  const arrived: (Buffer | undefined)[] = [];
  let wake = (): void => undefined;
  const put = (chunk?: Buffer): void => {
    arrived.push(chunk);
    wake();
  };
  const over = finished(stream, { writable: false }).finally(put);
  // The consumer gets the error when it reads up to there.
  over.catch(() => undefined);
  // Not the stream's own iterator: it joins waiting chunks to new ones, which doubles the garbage.
  const take = (chunk: Buffer): void => {
    stream.pause();
    put(chunk);
  };
  stream.on('data', take);
  try {
    for (;;) {
      while (arrived.length === 0) {
        const { promise, resolve } = Promise.withResolvers<void>();
        wake = resolve;
        stream.resume();
        await promise;
      }
      const chunk = arrived.shift();
      if (chunk === undefined) break;
      yield chunk;
    }
    await over;
  } finally {
    stream.off('data', take);
    stream.pause();
  }
}

/**
 * Gives the memory of a chunk back at once. The garbage collector sees small handles only and does not hurry: it lets 64 MiB
 * pile up behind them.
 */
export const release = ({ buffer, length }: Buffer): void => {
  // A slice of a pool belongs to others as well.
  if (buffer instanceof ArrayBuffer && buffer.byteLength === length) buffer.transfer(0);
};
