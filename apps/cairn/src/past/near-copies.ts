import { copyFile, mkdir, mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { copyDatabase } from '#platform/copy-database.js';
import { PRIVATE_FOLDER } from '#platform/private-files.js';
import type { Position } from '#ledger/ledger.js';
import type { Moment } from './moment.js';
import { bytesIn, readModelsIn, removeReadModels } from './view-checkpoints.js';

/** All together take no more. */
const BYTES_MAX = 64 * 1024 * 1024;

interface NearCopy {
  readonly ref: string;
  readonly position: Position;
  readonly folder: string;
  readonly bytes: number;
}

/**
 * Read models of moments near where a view was asked last, uncompressed, closer to each other than checkpoints. They are this process's own. The
 * oldest ones give way.
 */
export class NearCopies {
  /** The oldest first. */
  private copies: NearCopy[] = [];

  /** @param folder of this process */
  constructor(
    private readonly folder: () => Promise<string>,
    private readonly bytesMax = BYTES_MAX,
  ) {}

  /** The last position of a workload up to `until` that has a copy; undefined when there is none. */
  lastUpTo(ref: string, until: Position): Position | undefined {
    const positions = this.copies.filter((copy) => copy.ref === ref && copy.position <= until);
    return positions.length === 0 ? undefined : Math.max(...positions.map(({ position }) => position));
  }

  /** Puts a copy into an empty data folder. */
  async restore(ref: string, position: Position, dataFolder: string): Promise<void> {
    const copy = this.copies.find((each) => each.ref === ref && each.position === position);
    if (copy === undefined) return;
    const target = readModelsIn(dataFolder);
    await mkdir(target, { recursive: true, mode: PRIVATE_FOLDER });
    try {
      for (const name of await readdir(copy.folder)) await copyFile(join(copy.folder, name), join(target, name));
    } catch {
      // Somebody has deleted it: the view begins at the beginning.
      await removeReadModels(dataFolder);
      await this.drop(ref, position);
    }
  }

  /** Removes one that is of no use. */
  async drop(ref: string, position: Position): Promise<void> {
    const copy = this.copies.find((each) => each.ref === ref && each.position === position);
    if (copy === undefined) return;
    this.copies = this.copies.filter((each) => each !== copy);
    await rm(copy.folder, { recursive: true, force: true });
  }

  /** Copies what a moment shows, while nothing changes it, unless that alone takes too much. */
  async save({ ref, position, folder: dataFolder }: Pick<Moment, 'ref' | 'position' | 'folder'>): Promise<void> {
    if (this.copies.some((copy) => copy.ref === ref && copy.position === position)) return;
    const source = readModelsIn(dataFolder);
    // It would have to give way at once.
    if ((await bytesIn(source)) > this.bytesMax) return;
    const folder = await mkdtemp(join(await this.folder(), 'near-'));
    let bytes = 0;
    for (const name of (await readdir(source)).filter((each) => each.endsWith('.sqlite'))) {
      await copyDatabase(join(source, name), join(folder, name));
      bytes += (await stat(join(folder, name))).size;
    }
    this.copies.push({ ref, position, folder, bytes });
    let all = this.copies.reduce((sum, copy) => sum + copy.bytes, 0);
    while (all > this.bytesMax) {
      const oldest = this.copies.shift();
      if (oldest === undefined) return;
      all -= oldest.bytes;
      await rm(oldest.folder, { recursive: true, force: true });
    }
  }
}
