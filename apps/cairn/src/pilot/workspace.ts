import { randomUUID } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { chmod, type FileHandle, mkdir, open, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { openToRead, openToWrite } from '../worker/sandbox/open-inside.js';
import type { SystemUser } from '../worker/sandbox/system-user.js';
import {
  handOver,
  makeTaskFolders,
  PASSAGE,
  PRIVATE,
  removeTaskFolders,
  type TaskFolders,
  taskFolders,
} from '../worker/sandbox/task-folders.js';
import { CannotRun, type StorageArea, type Transfer } from './plan.js';

/** Names from the server that become folder names; ids may be any text. */
const folderName = (id: string): string => encodeURIComponent(id).replaceAll('.', '%2E') || '_';

interface TaskIdentity {
  readonly datasetId: string;
  readonly jobId: string;
  readonly taskId: string;
}

/** A transfer from or to a folder of the pilot. */
export interface SharedTransfer extends Transfer {
  readonly area: Exclude<StorageArea, 'permanent'>;
}

const PERMISSIONS = 0o777;

const withFile = async <Result>(
  opened: Promise<FileHandle>,
  use: (file: FileHandle) => Promise<Result>,
): Promise<Result> => {
  const file = await opened;
  try {
    return await use(file);
  } finally {
    await file.close();
  }
};

/**
 * Folders of one task. `work` and `temporary` are its own; what they contain is made by a task that nobody has to trust. The others are
 * shared with the tasks of its job, its dataset, its site; only the pilot reaches them. Pilots on one host that share their
 * `--workdir` share those too.
 */
export class Workspace {
  readonly folders: TaskFolders;
  /** Holds those folders, and the output of processes. */
  readonly base: string;

  /** @param owner user of the task's own folders; by default the user of this process */
  constructor(
    private readonly workdir: string,
    private readonly task: TaskIdentity,
    private readonly owner: SystemUser | undefined,
  ) {
    this.base = join(workdir, 'tasks', folderName(task.taskId));
    this.folders = taskFolders(this.base);
  }

  /** Makes the folders; they are the task's only when they are handed over. */
  async prepare(about: object): Promise<void> {
    await this.remove();
    const tasks = dirname(this.base);
    await mkdir(tasks, { recursive: true });
    await chmod(tasks, PASSAGE);
    await makeTaskFolders(this.base);
    await this.write('task.json', `${JSON.stringify(about, undefined, 2)}\n`);
  }

  /** Copies a shared file into the work folder. */
  async fetchInput(transfer: SharedTransfer): Promise<void> {
    await this.copy(transfer, async () => {
      await mkdir(dirname(join(this.folders.work, transfer.local)), { recursive: true });
      await withFile(open(this.shared(transfer), 'r'), (source) =>
        withFile(openToWrite(this.folders.work, transfer.local), async (target) => {
          await target.chmod((await source.stat()).mode & PERMISSIONS);
          await pipeline(source.createReadStream(), target.createWriteStream());
        }),
      );
    });
  }

  handOver(): Promise<void> {
    return handOver(this.folders, this.owner);
  }

  /** Copies a file of the task to a shared folder, atomically. */
  async storeOutput(transfer: SharedTransfer): Promise<void> {
    const target = this.shared(transfer);
    const part = `${target}.${randomUUID()}.part`;
    await this.copy(transfer, async () => {
      await mkdir(dirname(target), { recursive: true, mode: PRIVATE });
      try {
        await withFile(openToRead(this.folders.work, transfer.local), async (source) => {
          const { mode } = await source.stat();
          await pipeline(source.createReadStream(), createWriteStream(part, { mode: mode & PERMISSIONS }));
        });
        await rename(part, target);
      } finally {
        await rm(part, { force: true });
      }
    });
  }

  /** Writes a file into the work folder. */
  async write(name: string, text: string): Promise<void> {
    await withFile(openToWrite(this.folders.work, name), async (file) => {
      if (this.owner !== undefined) await file.chown(this.owner.uid, this.owner.gid);
      await file.writeFile(text);
    });
  }

  /**
   * Text of a file in the work folder; `undefined` when it is too long.
   *
   * @throws CannotOpen
   */
  read(name: string, bytesMax: number): Promise<string | undefined> {
    return withFile(openToRead(this.folders.work, name), async (file) => {
      const { bytesRead, buffer } = await file.read(Buffer.alloc(bytesMax + 1));
      return bytesRead > bytesMax ? undefined : buffer.toString('utf8', 0, bytesRead);
    });
  }

  remove(): Promise<void> {
    return removeTaskFolders(this.base);
  }

  private shared({ area, remote }: SharedTransfer): string {
    const { datasetId, jobId } = this.task;
    switch (area) {
      case 'job_temp':
        return join(this.workdir, 'jobs', folderName(datasetId), folderName(jobId), remote);
      case 'dataset_temp':
        return join(this.workdir, 'datasets', folderName(datasetId), remote);
      case 'site_temp':
        return join(this.workdir, 'site', remote);
    }
  }

  private async copy({ optional, area, local }: Transfer, action: () => Promise<void>): Promise<void> {
    try {
      await action();
    } catch (error) {
      if (optional) return;
      throw new CannotRun(`cannot copy ${area} file ${local}`, { cause: error });
    }
  }
}
