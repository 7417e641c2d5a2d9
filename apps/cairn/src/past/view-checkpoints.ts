import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, mkdtemp, readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { constants, createZstdCompress, createZstdDecompress } from 'node:zlib';
import { copyDatabase } from '#platform/copy-database.js';
import type { Environment } from '#platform/environment.js';
import { PRIVATE_FOLDER } from '#platform/private-files.js';
import { type Position, START } from '#ledger/ledger.js';
import { PAST_FOLDER } from './past-folder.js';

/** To apply an event takes longer than to copy and compress so much. */
const BYTES_PER_EVENT = 16 * 1024;

/** What all of them take is looked at when such a part of what they may take was added: there may be thousands, and a look asks for each. */
const ADDED_PER_LOOK = 1 / 64;

const MIB = 1024 * 1024;

/** Where a data folder has the read models of its services. */
export const readModelsIn = (dataFolder: string): string => join(dataFolder, 'read-models');

/** From a data folder that nobody uses. */
export const removeReadModels = (dataFolder: string): Promise<void> =>
  rm(readModelsIn(dataFolder), { recursive: true, force: true });

/** With a checksum: a damaged file is noticed when it is read. */
const COMPRESSION = { params: { [constants.ZSTD_c_compressionLevel]: 1, [constants.ZSTD_c_checksumFlag]: 1 } };

interface Kept {
  readonly position: Position;
  readonly bytes: number;
}

/** Checkpoints of one workload. */
interface KeptOfWorkload {
  readonly folder: string;
  bytes: number;
  /** The newest first. */
  kept: readonly Kept[];
}

/** What this process has added since it has looked at all of them. */
let addedBytes = Infinity;

export type CheckpointSettings = Pick<Environment, 'CAIRN_DATA_DIR' | 'PAST_CHECKPOINTS_MIB'>;

/**
 * Read models of views of one workload, compressed, by the positions that they show. They save replaying what is before, and can be deleted at any
 * time. Those with other tables, which another version of Cairn has made, are in another folder.
 */
export class ViewCheckpoints {
  /** Of all tables. */
  private readonly root: string;
  /** Of all workloads. */
  private readonly shared: string;
  private readonly folder: string;

  private readonly bytesMax: number;

  /**
   * @param ref of the workload
   * @param signature of the tables
   */
  constructor({ CAIRN_DATA_DIR, PAST_CHECKPOINTS_MIB }: CheckpointSettings, ref: string, signature: string) {
    this.root = join(CAIRN_DATA_DIR, PAST_FOLDER, 'checkpoints');
    this.bytesMax = PAST_CHECKPOINTS_MIB * MIB;
    this.shared = join(this.root, signature);
    this.folder = join(this.shared, ref);
  }

  /** The last position up to `until` that has a checkpoint; undefined when there is none. */
  async lastUpTo(until: Position): Promise<Position | undefined> {
    return (await positionsIn(this.folder)).find((position) => position <= until);
  }

  /** Puts the read models of a checkpoint into an empty data folder. */
  async restore(position: Position, dataFolder: string): Promise<void> {
    const kept = join(this.folder, String(position));
    const target = readModelsIn(dataFolder);
    await mkdir(target, { recursive: true, mode: PRIVATE_FOLDER });
    try {
      for (const name of await readdir(kept)) {
        const to = createWriteStream(join(target, name.replace(/\.zst$/, '')));
        await pipeline(createReadStream(join(kept, name)), createZstdDecompress(), to);
      }
    } catch {
      // Somebody has deleted or damaged it: the view begins at the beginning.
      await removeReadModels(dataFolder);
      await this.drop(position);
    }
  }

  /** Removes one that is of no use. */
  async drop(position: Position): Promise<void> {
    await rm(join(this.folder, String(position)), { recursive: true, force: true });
  }

  /**
   * Keeps what the read models of a data folder show while nothing changes them, unless so few events are since the one before that it would
   * cost more than it saves.
   */
  async save(position: Position, dataFolder: string, eventsSince: number): Promise<boolean> {
    if (this.bytesMax === 0) return false;
    if (eventsSince < (await bytesIn(readModelsIn(dataFolder))) / BYTES_PER_EVENT) return false;
    const kept = join(this.folder, String(position));
    await mkdir(this.folder, { recursive: true, mode: PRIVATE_FOLDER });
    const unfinished = await mkdtemp(join(dataFolder, 'checkpoint-'));
    const source = readModelsIn(dataFolder);
    try {
      for (const name of (await readdir(source)).filter((each) => each.endsWith('.sqlite'))) {
        const copy = join(unfinished, name);
        await copyDatabase(join(source, name), copy);
        await pipeline(createReadStream(copy), createZstdCompress(COMPRESSION), createWriteStream(`${copy}.zst`));
        await rm(copy);
      }
      // Another process may have kept the same.
      await rename(unfinished, kept).catch(() => undefined);
    } finally {
      await rm(unfinished, { recursive: true, force: true });
    }
    addedBytes += await bytesIn(kept);
    if (addedBytes >= this.bytesMax * ADDED_PER_LOOK) {
      addedBytes = 0;
      await this.thinOut();
    }
    return true;
  }

  /** Removes those with other tables, and drops half of the checkpoints of the workload that takes most, until all take no more than they may. */
  private async thinOut(): Promise<void> {
    for (const folder of (await namesIn(this.root)).map((name) => join(this.root, name))) {
      // What root has left behind stays.
      if (folder !== this.shared) await rm(folder, { recursive: true, force: true }).catch(() => undefined);
    }
    const all: KeptOfWorkload[] = [];
    for (const workload of await namesIn(this.shared)) all.push(await keptIn(join(this.shared, workload)));
    for (;;) {
      const bytes = all.reduce((sum, workload) => sum + workload.bytes, 0);
      const [largest] = all.sort((one, other) => other.bytes - one.bytes);
      if (bytes <= this.bytesMax || largest === undefined) return;
      const { folder, kept } = largest;
      largest.kept = halfOf(kept);
      largest.bytes = largest.kept.reduce((sum, each) => sum + each.bytes, 0);
      for (const each of kept) {
        if (largest.kept.includes(each)) continue;
        await rm(join(folder, String(each.position)), { recursive: true, force: true });
      }
    }
  }
}

/** At most half of them, evenly: the newest one, from which the next ones are made, and one of each part of what is before. */
const halfOf = (kept: readonly Kept[]): readonly Kept[] => {
  const parts = Math.floor(kept.length / 2);
  const newest = kept[0]?.position ?? START;
  const length = (newest - (kept.at(-1)?.position ?? START) + 1) / parts;
  const partOf = ({ position }: Kept): number => Math.floor((newest - position) / length);
  const isFirst = (each: Kept, index: number): boolean => {
    const before = kept[index - 1];
    return before === undefined || partOf(each) !== partOf(before);
  };
  return parts === 0 ? [] : kept.filter(isFirst);
};

const namesIn = (folder: string): Promise<readonly string[]> => readdir(folder).catch(() => []);

/** The newest first. */
const positionsIn = async (folder: string): Promise<readonly Position[]> => {
  const names = (await namesIn(folder)).filter((name) => /^\d+$/.test(name));
  return names.map(Number).sort((one, other) => other - one);
};

/** Size of the files in a folder. */
export const bytesIn = async (folder: string): Promise<number> => {
  let bytes = 0;
  for (const name of await namesIn(folder)) bytes += (await stat(join(folder, name)).catch(() => ({ size: 0 }))).size;
  return bytes;
};

const keptIn = async (folder: string): Promise<KeptOfWorkload> => {
  const kept: Kept[] = [];
  for (const position of await positionsIn(folder)) {
    kept.push({ position, bytes: await bytesIn(join(folder, String(position))) });
  }
  return { folder, kept, bytes: kept.reduce((sum, { bytes }) => sum + bytes, 0) };
};
