import { createHash, randomUUID } from 'node:crypto';
import { type FileHandle, mkdir, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Readable } from 'node:stream';
import { BlobStore, type ListedBlob, type StoredBlob } from './blob-store.js';

const isMissing = (error: unknown): boolean =>
  typeof error === 'object' && error !== null && 'code' in error && error.code === 'ENOENT';

/** Makes a rename or a new folder survive a power failure. */
const syncFolder = async (folder: string): Promise<void> => {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
};

const chunksOf = (content: string | Uint8Array | Readable): Iterable<Buffer> | AsyncIterable<Buffer> => {
  if (typeof content === 'string') return [Buffer.from(content)];
  return content instanceof Readable ? (content as AsyncIterable<Buffer>) : [Buffer.from(content)];
};

/** Longest file name that holds a key; most file systems end at 255. */
const NAME_CHARACTERS_MAX = 240;

/** Names of files that hold a key begin so; no key makes a name such as `..`. */
const SPELLED = '=';
/** Longer keys are not spelled out, so they are not listed either. */
const HASHED = '+';

const SPREAD_CHARACTERS = 2;

const PLAIN = /[a-z0-9_-]/;

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

const escaped = (byte: number): string => {
  const character = String.fromCharCode(byte);
  return PLAIN.test(character) ? character : `%${byte.toString(16).padStart(2, '0')}`;
};

/** Keys may hold anything; nothing of them can lead out of the folder, and they differ by more than case. */
const nameOf = (key: string): string => {
  const name = SPELLED + Array.from(Buffer.from(key), escaped).join('');
  return name.length <= NAME_CHARACTERS_MAX ? name : HASHED + sha256(key);
};

const keyOf = (name: string): string | undefined =>
  name.startsWith(SPELLED) ? decodeURIComponent(name.slice(SPELLED.length)) : undefined;

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

  override async put(key: string, content: string | Uint8Array | Readable): Promise<StoredBlob> {
    const temporary = join(this.incoming, randomUUID());
    const file = this.fileOf(key);
    await mkdir(this.incoming, { recursive: true });
    try {
      const handle = await open(temporary, 'wx');
      const { size, sha256 } = await this.write(handle, content).finally(() => handle.close());
      const created = await mkdir(dirname(file), { recursive: true });
      await rename(temporary, file);
      await syncFolder(dirname(file));
      if (created !== undefined) await syncFolder(this.folder);
      return { key, size, sha256 };
    } catch (error) {
      await rm(temporary, { force: true });
      throw error;
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

  override async *list(prefix: string): AsyncGenerator<ListedBlob, void, void> {
    for (const spread of await filesIn(this.folder)) {
      if (spread.length !== SPREAD_CHARACTERS) continue;
      for (const name of await filesIn(join(this.folder, spread))) {
        const key = keyOf(name);
        if (key?.startsWith(prefix) !== true) continue;
        const storedMs = await this.storedMs(join(this.folder, spread, name));
        if (storedMs !== undefined) yield { key, storedMs };
      }
    }
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

  private async write(
    handle: FileHandle,
    content: string | Uint8Array | Readable,
  ): Promise<{ size: number; sha256: string }> {
    const hash = createHash('sha256');
    let size = 0;
    for await (const chunk of chunksOf(content)) {
      const bytes = Buffer.isBuffer(chunk) ? chunk : Buffer.from(chunk);
      hash.update(bytes);
      size += bytes.length;
      await handle.writeFile(bytes);
    }
    await handle.sync();
    return { size, sha256: hash.digest('hex') };
  }

  private fileOf(key: string): string {
    return join(this.folder, sha256(key).slice(0, SPREAD_CHARACTERS), nameOf(key));
  }
}
