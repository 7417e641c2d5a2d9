import { randomUUID } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { chmod, copyFile, mkdir, rename, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { openToRead, openToWrite } from '../worker/sandbox/open-inside.js';
import type { SystemUser } from '../worker/sandbox/system-user.js';
import {
  handOver,
  makeTaskFolders,
  PASSAGE,
  removeTaskFolders,
  type TaskFolders,
  taskFolders,
} from '../worker/sandbox/task-folders.js';
import { adler32 } from './adler32.js';

/** A stored output, as the report tells it (PanDA contract 4.2.5). */
export interface StoredFile {
  readonly guid: string;
  readonly fsize: number;
  readonly adler32: string;
  readonly surl: string;
}

/** Names of files are the server's: they must not lead anywhere else. */
const plainName = (lfn: string): string => basename(lfn.slice(lfn.indexOf(':') + 1));

/** Folders of one job, and the folder in which outputs of all jobs are kept. */
export class JobFolder {
  readonly folders: TaskFolders;
  readonly base: string;

  constructor(
    workdir: string,
    jobId: number,
    private readonly outputs: string,
    private readonly owner: SystemUser | undefined,
  ) {
    this.base = join(workdir, 'jobs', String(jobId));
    this.folders = taskFolders(this.base);
  }

  async prepare(): Promise<void> {
    await this.remove();
    const jobs = dirname(this.base);
    await mkdir(jobs, { recursive: true });
    await chmod(jobs, PASSAGE);
    await makeTaskFolders(this.base);
  }

  handOver(): Promise<void> {
    return handOver(this.folders, this.owner);
  }

  remove(): Promise<void> {
    return removeTaskFolders(this.base);
  }

  /** Writes a file into the work folder. */
  async write(name: string, content: string | ReadableStream<Uint8Array>, mode = 0o644): Promise<void> {
    const file = await openToWrite(this.folders.work, plainName(name));
    try {
      await file.chmod(mode);
      const source = typeof content === 'string' ? Readable.from([content]) : Readable.from(content);
      await pipeline(source, file.createWriteStream());
    } finally {
      await file.close().catch(() => undefined);
    }
  }

  /** Copies an input of one of these folders into the work folder; resolves with whether there is one. */
  async fetchInput(lfn: string, folders: readonly string[]): Promise<boolean> {
    const name = plainName(lfn);
    for (const folder of folders) {
      try {
        await copyFile(join(folder, name), join(this.folders.work, name));
        return true;
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
      }
    }
    return false;
  }

  /**
   * Keeps a file that the job has made.
   *
   * @throws CannotOpen when there is none
   */
  async store(made: string, lfn: string, guid: string | undefined): Promise<StoredFile> {
    const source = await openToRead(this.folders.work, made);
    try {
      return await this.keep(source.createReadStream({ autoClose: false }), lfn, guid);
    } finally {
      await source.close();
    }
  }

  /** Keeps a file that the pilot itself has made. */
  storeOwn(path: string, lfn: string, guid: string | undefined): Promise<StoredFile> {
    return this.keep(createReadStream(path), lfn, guid);
  }

  private async keep(content: Readable, lfn: string, guid: string | undefined): Promise<StoredFile> {
    await mkdir(this.outputs, { recursive: true });
    const target = join(this.outputs, plainName(lfn));
    const part = `${target}.${randomUUID()}.part`;
    await pipeline(content, createWriteStream(part));
    const { size } = await stat(part);
    const checksum = await adler32(createReadStream(part) as AsyncIterable<Uint8Array>);
    await rename(part, target);
    return { guid: guid ?? randomUUID(), fsize: size, adler32: checksum, surl: `file://${target}` };
  }
}
