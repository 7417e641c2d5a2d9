import { Injectable } from '@nestjs/common';
import { open, realpath } from 'node:fs/promises';
import { join, resolve, sep } from 'node:path';
import { Readable } from 'node:stream';
import { Environment } from '#platform/environment.js';
import { PACKAGE_ROOT } from '#platform/package-root.js';
import { NOT_FOUND, TEXT_TYPE } from '../protocol/answers.js';
import type { RawAnswer, RawCall, RawHandlers } from '../protocol/function.js';
import { CacheContent } from './cache-content.js';
import { decompressed } from './content.js';
import { baseName, jediLogPath } from './file-name.js';
import type { fileServerRaw } from './file-server.raw.js';

const BYTES = 'application/octet-stream';

/** Names of logs that people read. */
const IS_TEXT = /\.(?:log|out|err|txt)$/;
/** Those that are decompressed when harvester has sent them so (contract 7.6). */
const IS_DECOMPRESSED = /\.(?:log|out|err)$/;

const ZLIB_HEADER = Buffer.from([0x78, 0x9c]);
const GZIP_HEADER = Buffer.from([0x1f, 0x8b]);

/** The scripts that Cairn brings along. */
const OWN_SCRIPTS = join(PACKAGE_ROOT, 'apps/gateway/assets/trf');

/** Reads the beginning of content, which still has it afterwards. */
const peek = async (content: AsyncIterable<Buffer>): Promise<{ start: Buffer; content: AsyncIterable<Buffer> }> => {
  const pieces = content[Symbol.asyncIterator]();
  const held: Buffer[] = [];
  let start = Buffer.alloc(0);
  while (start.length < ZLIB_HEADER.length) {
    const next = await pieces.next();
    if (next.done === true) break;
    held.push(next.value);
    start = Buffer.concat([start, next.value]);
  }
  const whole = async function* (): AsyncGenerator<Buffer, void, void> {
    yield* held;
    yield* { [Symbol.asyncIterator]: () => pieces };
  };
  return { start, content: whole() };
};

const streamOf = (content: AsyncIterable<Buffer>): Readable => Readable.from(content, { objectMode: false });

/** Files that everybody may read (contract 7.7). */
@Injectable()
export class FileServerRawHandlers implements RawHandlers<typeof fileServerRaw> {
  private readonly scripts: string;

  constructor(
    private readonly content: CacheContent,
    { PANDA_TRF_DIR: folder }: Environment,
  ) {
    this.scripts = resolve(folder ?? OWN_SCRIPTS);
  }

  async cacheFile({ path: { file_name: file = '' }, context }: RawCall): Promise<RawAnswer> {
    const found = baseName(file) === file ? await this.content.read(file, context) : undefined;
    if (found === undefined) return NOT_FOUND;
    return { status: 200, contentType: BYTES, length: found.size, content: streamOf(found.content) };
  }

  async jediLog({ path: { file_name: file = '' }, context }: RawCall): Promise<RawAnswer> {
    const found = baseName(file) === file ? await this.content.read(jediLogPath(file), context) : undefined;
    if (found === undefined) return NOT_FOUND;
    const { start, content } = await peek(found.content);
    const contentType = IS_TEXT.test(file) ? TEXT_TYPE : BYTES;
    if (start.subarray(0, 2).equals(ZLIB_HEADER) && IS_DECOMPRESSED.test(file)) {
      return { status: 200, contentType, content: decompressed(streamOf(content)) };
    }
    const isEncoded = start.subarray(0, 2).equals(GZIP_HEADER) && !file.endsWith('.log');
    return {
      status: 200,
      contentType,
      ...(isEncoded && { contentEncoding: 'gzip' }),
      length: found.size,
      content: streamOf(content),
    };
  }

  async transformation({ path }: RawCall): Promise<RawAnswer> {
    const script = path['*'] ?? path['path'] ?? '';
    if (script.includes('\0')) return NOT_FOUND;
    try {
      const folder = await realpath(this.scripts);
      // Links are followed before the folder is compared.
      const file = await realpath(join(folder, script));
      if (!file.startsWith(folder + sep)) return NOT_FOUND;
      return await fileAnswer(file);
    } catch {
      return NOT_FOUND;
    }
  }
}

const fileAnswer = async (file: string): Promise<RawAnswer> => {
  const handle = await open(file, 'r');
  const about = await handle.stat();
  if (about.isFile()) {
    return { status: 200, contentType: BYTES, length: about.size, content: handle.createReadStream() };
  }
  await handle.close();
  return NOT_FOUND;
};
