import { Readable } from 'node:stream';
import { crc32, deflateSync, gunzipSync, gzipSync } from 'node:zlib';
import { atMost, compressed, decompressed, matchesAny, Tail, zlibProblem } from './content.js';

const inPieces = (content: Buffer, size: number): Readable =>
  Readable.from(
    Array.from({ length: Math.ceil(content.length / size) }, (_, index) =>
      content.subarray(index * size, (index + 1) * size),
    ),
  );

const whole = async (content: AsyncIterable<Uint8Array>): Promise<Buffer> => {
  const pieces: Uint8Array[] = [];
  for await (const piece of content) pieces.push(Buffer.from(piece));
  return Buffer.concat(pieces);
};

describe('checksums', () => {
  it.each([1, 3, 8, 1000])('are the CRC-32 of a gzip file that comes in pieces of %d bytes', async (size) => {
    const text = Buffer.from('what a user wants to run');
    const tail = new Tail();
    const archive = gzipSync(text);
    expect(await whole(tail.of(inPieces(archive, size)))).toEqual(archive);
    expect(tail.checksum).toBe(String(crc32(text)));
  });

  it('are made of the last eight bytes', async () => {
    const tail = new Tail();
    await whole(tail.of(inPieces(Buffer.from('__\x01\x00\x00\x80~~~~', 'latin1'), 4)));
    expect(tail.checksum).toBe(String(0x80000001));
  });

  it.each([0, 7])('are missing of %d bytes', async (bytes) => {
    const tail = new Tail();
    await whole(tail.of(inPieces(Buffer.alloc(bytes), 3)));
    expect(tail.checksum).toBeNull();
  });

  it('do not depend on memory that is used again', async () => {
    const memory = Buffer.alloc(4);
    const reusing = async function* (): AsyncGenerator<Uint8Array, void, void> {
      for (const text of ['abcd', 'efgh']) {
        memory.write(text);
        await Promise.resolve();
        yield memory;
      }
    };
    const tail = new Tail();
    await whole(tail.of(reusing()));
    expect(tail.checksum).toBe(String(Buffer.from('abcd').readUInt32LE(0)));
  });
});

describe('content', () => {
  it('is limited', async () => {
    expect(await whole(atMost(inPieces(Buffer.alloc(10), 3), 10))).toHaveLength(10);
    await expect(whole(atMost(inPieces(Buffer.alloc(11), 3), 10))).rejects.toThrow('more than 10 bytes');
  });

  it('is compressed and decompressed', async () => {
    const text = Buffer.from('some text '.repeat(10_000));
    expect(gunzipSync(await whole(compressed(inPieces(text, 1000))))).toEqual(text);
    expect(await whole(decompressed(inPieces(deflateSync(text), 7)))).toEqual(text);
  });

  it.each([
    ['text', Buffer.from('no zlib'), 'incorrect header check'],
    ['nothing', Buffer.alloc(0), 'unexpected end of file'],
    ['half of it', deflateSync('x'.repeat(1000)).subarray(0, 8), 'unexpected end of file'],
    ['gzip', gzipSync('text'), 'incorrect header check'],
  ])('is not decompressed when it is %s', async (_what, content, problem) => {
    const error: unknown = await whole(decompressed(inPieces(content, 3))).catch((thrown: unknown) => thrown);
    expect(zlibProblem(error)).toBe(problem);
  });

  it('that is wrong harms nobody before it is read', async () => {
    const wrong = decompressed(inPieces(Buffer.from('no zlib'), 3));
    await new Promise((resume) => setTimeout(resume, 50));
    expect(zlibProblem(await whole(wrong).catch((thrown: unknown) => thrown))).toBe('incorrect header check');
  });

  it('passes on that a request broke off', async () => {
    const breaking = Readable.from(
      (async function* () {
        yield Buffer.from('x');
        await Promise.resolve();
        throw new Error('body broke off');
      })(),
    );
    const error: unknown = await whole(compressed(breaking)).catch((thrown: unknown) => thrown);
    expect(error).toEqual(new Error('body broke off'));
    expect(zlibProblem(error)).toBeUndefined();
  });
});

describe('patterns', () => {
  it.each([
    ['a.out', ['*.out'], true],
    ['a.out.gz', ['*.out'], false],
    ['aXout', ['*.out'], false],
    ['job.1', ['x', 'job.?'], true],
    ['job.12', ['job.?'], false],
    ['a(b', ['a(b'], true],
    ['a', [], false],
  ])('%s matches %j: %s', (name, patterns, matches) => {
    expect(matchesAny(name, patterns)).toBe(matches);
  });
});
