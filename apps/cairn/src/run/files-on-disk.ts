import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';

const NS_PER_SECOND = 1_000_000_000n;

/**
 * When a file was last changed, in seconds since the epoch: the same double that Python's `st_mtime` is, because clients of both
 * kinds compare it (Torc contract 1.9). `undefined` when there is no such file.
 */
export const modificationTime = async (path: string): Promise<number | undefined> => {
  try {
    const { mtimeNs } = await stat(path, { bigint: true });
    return Number(mtimeNs / NS_PER_SECOND) + 1e-9 * Number(mtimeNs % NS_PER_SECOND);
  } catch {
    return undefined;
  }
};

/** A file that a job has made, as the report of the run shows it. */
export interface Output {
  readonly path: string;
  readonly bytes?: number;
  /** Hexadecimal. Folders have none, and it can be switched off. */
  readonly sha256?: string;
}

/** Reads a file and hashes its content. */
export const hashOutput = async (path: string, fullPath: string): Promise<Output> => {
  const found = await stat(fullPath);
  if (!found.isFile()) return { path, bytes: 0 };
  const hash = createHash('sha256');
  let bytes = 0;
  await pipeline(createReadStream(fullPath), async (chunks: AsyncIterable<Buffer>) => {
    for await (const chunk of chunks) {
      bytes += chunk.length;
      hash.update(chunk);
    }
  });
  return { path, bytes, sha256: hash.digest('hex') };
};
