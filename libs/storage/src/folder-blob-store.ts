import { createHash, randomUUID } from 'node:crypto';
import { type FileHandle, mkdir, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Readable } from 'node:stream';
import { DomainError } from '#platform/domain-error.js';
import { PRIVATE_FILE, PRIVATE_FOLDER } from '#platform/private-files.js';
import { keyOf, nameOf, sha256 } from './blob-name.js';
import { type BlobContent, BlobStore, hasPrefix, type ListedBlob, piecesOf, type StoredBlob } from './blob-store.js';

const codeOf = (error: unknown): unknown =>
  typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;

const isMissing = (error: unknown): boolean => codeOf(error) === 'ENOENT';

/** The disk or what the owner may use of it is full, or cannot be written to: a temporary fault, and not the caller's. */
const TAKES_NOTHING: readonly unknown[] = ['ENOSPC', 'EDQUOT', 'EROFS'];

/** Makes a rename or a new folder survive a power failure. */
const syncFolder = async (folder: string): Promise<void> => {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
};

const SPREAD_CHARACTERS = 2;

const filesIn = async (folder: string): Promise<readonly string[]> => {
  try {
    return await readdir(folder);
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
};

/** Blobs as files under one folder, spread over 256 sub-folders by the hash of their keys. */
export class FolderBlobStore extends BlobStore {
  private readonly incoming: string;

  constructor(private readonly folder: string) {
    super();
    this.incoming = join(folder, 'incoming');
  }

  override async put(key: string, content: BlobContent): Promise<StoredBlob> {
    const temporary = join(this.incoming, randomUUID());
    const file = this.fileOf(key);
    await mkdir(this.incoming, { recursive: true, mode: PRIVATE_FOLDER });
    try {
      const handle = await open(temporary, 'wx', PRIVATE_FILE);
      const { size, sha256 } = await this.write(handle, content).finally(() => handle.close());
      const created = await mkdir(dirname(file), { recursive: true, mode: PRIVATE_FOLDER });
      await rename(temporary, file);
      await syncFolder(dirname(file));
      if (created !== undefined) await syncFolder(this.folder);
      return { key, size, sha256 };
    } catch (error) {
      await rm(temporary, { force: true });
      if (!TAKES_NOTHING.includes(codeOf(error))) throw error;
      throw new DomainError('unavailable', 'blobs.disk-full', 'The disk takes no more at present');
    }
  }

  override async get(key: string): Promise<Readable | undefined> {
    try {
      return (await open(this.fileOf(key))).createReadStream();
    } catch (error) {
      if (isMissing(error)) return undefined;
      throw error;
    }
  }

  override async getText(key: string): Promise<string | undefined> {
    try {
      return await readFile(this.fileOf(key), 'utf8');
    } catch (error) {
      if (isMissing(error)) return undefined;
      throw error;
    }
  }

  override async delete(key: string): Promise<void> {
    await rm(this.fileOf(key), { force: true });
  }

  override async *list(...prefixes: readonly string[]): AsyncGenerator<ListedBlob, void, void> {
    for (const spread of await filesIn(this.folder)) {
      if (spread.length !== SPREAD_CHARACTERS) continue;
      for (const name of await filesIn(join(this.folder, spread))) {
        const key = keyOf(name);
        if (!hasPrefix(key, prefixes)) continue;
        const storedMs = await this.storedMs(join(this.folder, spread, name));
        if (storedMs !== undefined) yield { key, storedMs };
      }
    }
  }

  override async dropUnfinished(beforeMs: number): Promise<number> {
    let dropped = 0;
    for (const name of await filesIn(this.incoming)) {
      const file = join(this.incoming, name);
      const writtenMs = await this.storedMs(file);
      if (writtenMs === undefined || writtenMs >= beforeMs) continue;
      await rm(file, { force: true });
      dropped += 1;
    }
    return dropped;
  }

  /** Undefined when it is gone already. */
  private async storedMs(file: string): Promise<number | undefined> {
    try {
      return (await stat(file)).mtimeMs;
    } catch (error) {
      if (isMissing(error)) return undefined;
      throw error;
    }
  }

  private async write(handle: FileHandle, content: BlobContent): Promise<{ size: number; sha256: string }> {
    const hash = createHash('sha256');
    let size = 0;
    for await (const piece of piecesOf(content)) {
      hash.update(piece);
      size += piece.length;
      await handle.writeFile(piece);
    }
    await handle.sync();
    return { size, sha256: hash.digest('hex') };
  }

  private fileOf(key: string): string {
    return join(this.folder, sha256(key).slice(0, SPREAD_CHARACTERS), nameOf(key));
  }
}
