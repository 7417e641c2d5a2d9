import type { Transform } from 'node:stream';
import { createGunzip, createGzip, createZstdCompress, createZstdDecompress } from 'node:zlib';

interface Compression {
  readonly compress: () => Transform;
  readonly decompress: () => Transform;
}

const BY_ENDING: Readonly<Record<string, Compression>> = {
  '.gz': { compress: () => createGzip(), decompress: () => createGunzip() },
  '.zst': { compress: () => createZstdCompress(), decompress: () => createZstdDecompress() },
};

/** How a file of this name is compressed; undefined when it is not. */
export const compressionOf = (file: string): Compression | undefined =>
  Object.entries(BY_ENDING).find(([ending]) => file.endsWith(ending))?.[1];
