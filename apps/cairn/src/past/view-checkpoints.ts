import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, mkdtemp, readdir, rename, rm, stat, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { constants, createZstdCompress, createZstdDecompress } from 'node:zlib';
import { copyDatabase } from '#platform/copy-database.js';
import { PRIVATE_FOLDER } from '#platform/private-files.js';
import { CAIRN_VERSION } from '#platform/version.js';
import type { Position } from '#ledger/ledger.js';
import { PAST_FOLDER } from './past-folder.js';

/** All checkpoints together; the ones that were used least recently go first. */
const BYTES_MAX = 1024 * 1024 * 1024;

/** To apply an event takes as long as to write and compress so much. */
const BYTES_PER_EVENT = 2048;

const READ_MODELS = 'read-models';

/** With a checksum: a damaged file is noticed when it is read. */
const COMPRESSION = { params: { [constants.ZSTD_c_compressionLevel]: 1, [constants.ZSTD_c_checksumFlag]: 1 } };

interface Kept {
  readonly folder: string;
  readonly bytes: number;
  readonly usedMs: number;
}

/**
 * Read models of views of one workload, compressed, by the positions that they show. They save replaying what is before, and can be deleted at any
 * time: a file that does not fit the ledger or the program is made anew by the service that opens it.
 */
export class ViewCheckpoints {
  private readonly root: string;
  private readonly folder: string;

  /** @param ref of the workload */
  constructor(dataDir: string, ref: string) {
    this.root = join(dataDir, PAST_FOLDER, 'checkpoints');
    this.folder = join(this.root, `${ref}@${CAIRN_VERSION}`);
  }

  /** The last position up to `until` that has a checkpoint; undefined when there is none. */
  async lastUpTo(until: Position): Promise<Position | undefined> {
    const positions = (await namesIn(this.folder)).filter((name) => /^\d+$/.test(name)).map(Number);
    return positions.filter((position) => position <= until).sort((one, other) => other - one)[0];
  }

  /** Puts the read models of a checkpoint into an empty data folder. */
  async restore(position: Position, dataFolder: string): Promise<void> {
    const kept = join(this.folder, String(position));
    const target = join(dataFolder, READ_MODELS);
    await mkdir(target, { recursive: true, mode: PRIVATE_FOLDER });
    try {
      for (const name of await readdir(kept)) {
        const to = createWriteStream(join(target, name.replace(/\.zst$/, '')));
        await pipeline(createReadStream(join(kept, name)), createZstdDecompress(), to);
      }
      await utimes(kept, new Date(), new Date());
    } catch {
      // Somebody has deleted or damaged it: the view begins at the beginning.
      await rm(target, { recursive: true, force: true });
      await rm(kept, { recursive: true, force: true });
    }
  }

  /**
   * Keeps what the read models of a data folder show while nothing changes them, unless so few events are since the one before that it would
   * cost more than it saves.
   */
  async save(position: Position, dataFolder: string, eventsSince: number): Promise<boolean> {
    if (eventsSince < (await bytesIn(join(dataFolder, READ_MODELS))) / BYTES_PER_EVENT) return false;
    const kept = join(this.folder, String(position));
    await mkdir(this.folder, { recursive: true, mode: PRIVATE_FOLDER });
    const unfinished = await mkdtemp(join(dataFolder, 'checkpoint-'));
    const source = join(dataFolder, READ_MODELS);
    for (const name of (await readdir(source)).filter((each) => each.endsWith('.sqlite'))) {
      const copy = join(unfinished, name);
      await copyDatabase(join(source, name), copy);
      await pipeline(createReadStream(copy), createZstdCompress(COMPRESSION), createWriteStream(`${copy}.zst`));
      await rm(copy);
    }
    // Another process may have kept the same.
    await rename(unfinished, kept).catch(() => rm(unfinished, { recursive: true, force: true }));
    await this.dropOldest();
    return true;
  }

  private async dropOldest(): Promise<void> {
    const all: Kept[] = [];
    for (const workload of await namesIn(this.root)) {
      if (!workload.endsWith(`@${CAIRN_VERSION}`)) {
        await rm(join(this.root, workload), { recursive: true, force: true });
        continue;
      }
      for (const position of await namesIn(join(this.root, workload)))
        all.push(await keptIn(join(this.root, workload, position)));
    }
    let bytes = all.reduce((sum, kept) => sum + kept.bytes, 0);
    for (const kept of all.sort((one, other) => one.usedMs - other.usedMs)) {
      if (bytes <= BYTES_MAX) return;
      await rm(kept.folder, { recursive: true, force: true });
      bytes -= kept.bytes;
    }
  }
}

const namesIn = (folder: string): Promise<readonly string[]> => readdir(folder).catch(() => []);

const bytesIn = async (folder: string): Promise<number> => {
  let bytes = 0;
  for (const name of await namesIn(folder)) bytes += (await stat(join(folder, name)).catch(() => ({ size: 0 }))).size;
  return bytes;
};

const keptIn = async (folder: string): Promise<Kept> => {
  const usedMs = (await stat(folder).catch(() => ({ mtimeMs: 0 }))).mtimeMs;
  return { folder, bytes: await bytesIn(folder), usedMs };
};
