import { pipeline, type Readable, type Transform } from 'node:stream';
import { createGzip, createInflate } from 'node:zlib';
import { isObject } from '#platform/json-object.js';

/** The checksum is made of so many bytes at the end (contract 7.4). */
const TAIL_BYTES = 8;

/** Content that turned out to be longer than it may be. */
export class ContentTooLong extends Error {
  override readonly name = 'ContentTooLong';

  constructor(readonly bytesMax: number) {
    super(`more than ${String(bytesMax)} bytes`);
  }
}

/** @throws ContentTooLong */
export async function* atMost(
  content: AsyncIterable<Uint8Array>,
  bytesMax: number,
): AsyncGenerator<Uint8Array, void, void> {
  let bytes = 0;
  for await (const piece of content) {
    bytes += piece.length;
    if (bytes > bytesMax) throw new ContentTooLong(bytesMax);
    yield piece;
  }
}

/** What stands at the end of content that passes. */
export class Tail {
  private bytes = Buffer.alloc(0);

  async *of(content: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void, void> {
    for await (const piece of content) {
      // Copied: the memory of a piece may be used again.
      this.bytes = Buffer.concat([this.bytes, piece.subarray(-TAIL_BYTES)]).subarray(-TAIL_BYTES);
      yield piece;
    }
  }

  /** The first of the last two little-endian numbers of 32 bits: of a gzip file its CRC-32. Null of shorter content. */
  get checksum(): string | null {
    return this.bytes.length < TAIL_BYTES ? null : String(this.bytes.readUInt32LE(0));
  }
}

const through = (content: Readable, transform: Transform): Readable => {
  pipeline(content, transform, () => undefined);
  // Whoever reads the end hears of what goes wrong, even if it has gone wrong before it reads.
  return transform.on('error', () => undefined);
};

export const compressed = (content: Readable): Readable => through(content, createGzip());

/** Content that was compressed with zlib. Errors of wrong content have a code that begins with `Z_`. */
export const decompressed = (content: Readable): Readable => through(content, createInflate());

/** What is wrong with compressed content, if that is what went wrong. */
export const zlibProblem = (error: unknown): string | undefined => {
  const { code, message } = isObject(error) ? error : {};
  return typeof code === 'string' && code.startsWith('Z_') ? String(message) : undefined;
};

/** Whether a name matches one of the patterns, in which `*` stands for any characters and `?` for one. */
export const matchesAny = (name: string, patterns: readonly string[]): boolean =>
  patterns.some((pattern) => {
    const source = pattern
      .replace(/[.+^${}()|[\]\\]/g, '\\$&')
      .replaceAll('*', '.*')
      .replaceAll('?', '.');
    return new RegExp(`^${source}$`, 's').test(name);
  });
