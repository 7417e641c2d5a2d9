import type { Readable } from 'node:stream';
import { finished } from 'node:stream/promises';

/**
 * The body of a request as the connection brings it, no faster than it is taken; each piece is the taker's alone. Ending early
 * leaves the connection open, because it carries the answer.
 *
 * @throws Error when the body breaks off
 */
export async function* bodyChunks(stream: Readable): AsyncGenerator<Buffer, void, void> {
  /** In the end nothing. */
  const arrived: (Buffer | undefined)[] = [];
  let wake = (): void => undefined;
  const put = (piece?: Buffer): void => {
    arrived.push(piece);
    wake();
  };
  const over = finished(stream, { writable: false }).finally(put);
  // Whoever reads up to there gets it.
  over.catch(() => undefined);
  // Not the stream's own iterator: it joins waiting pieces to new ones, so that there is twice as much to collect.
  const take = (piece: Buffer): void => {
    stream.pause();
    put(piece);
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
      const piece = arrived.shift();
      if (piece === undefined) break;
      yield piece;
    }
    await over;
  } finally {
    stream.off('data', take);
    stream.pause();
  }
}

/**
 * Gives the memory of a piece back at once. The garbage collector sees small handles only and does not hurry: it lets 64 MiB
 * pile up behind them.
 */
export const release = ({ buffer, length }: Buffer): void => {
  // A slice of a pool belongs to others as well.
  if (buffer instanceof ArrayBuffer && buffer.byteLength === length) buffer.transfer(0);
};
