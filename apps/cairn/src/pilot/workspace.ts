import { copyFile, mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { randomUUID } from 'node:crypto';
import { dirname, join } from 'node:path';
import type { Transfer } from './plan.js';
import { CannotRun } from './plan.js';

/** Names from the server that become folder names; ids may be any text. */
const folderName = (id: string): string => encodeURIComponent(id).replaceAll('.', '%2E') || '_';

interface TaskIdentity {
  readonly datasetId: string;
  readonly jobId: string;
  readonly taskId: string;
}

/**
 * Folders of one task: `own` is its work folder, the others are shared with the tasks of its job, its dataset, its site.
 * Pilots on one host that share their `--workdir` share those too.
 */
export class Workspace {
  readonly own: string;

  constructor(
    private readonly workdir: string,
    private readonly task: TaskIdentity,
  ) {
    this.own = join(workdir, 'tasks', folderName(task.taskId));
  }

  async prepare(about: object): Promise<void> {
    await rm(this.own, { recursive: true, force: true });
    await mkdir(this.own, { recursive: true });
    await writeFile(join(this.own, 'task.json'), `${JSON.stringify(about, undefined, 2)}\n`);
  }

  async fetchInputs(transfers: readonly Transfer[]): Promise<void> {
    for (const transfer of transfers) {
      if (transfer.direction === 'input')
        await this.copy(this.shared(transfer), join(this.own, transfer.local), transfer);
    }
  }

  async storeOutputs(transfers: readonly Transfer[]): Promise<void> {
    for (const transfer of transfers) {
      if (transfer.direction === 'output')
        await this.copy(join(this.own, transfer.local), this.shared(transfer), transfer);
    }
  }

  async remove(): Promise<void> {
    await rm(this.own, { recursive: true, force: true });
  }

  private shared({ area, remote }: Transfer): string {
    const { datasetId, jobId } = this.task;
    switch (area) {
      case 'job_temp':
        return join(this.workdir, 'jobs', folderName(datasetId), folderName(jobId), remote);
      case 'dataset_temp':
        return join(this.workdir, 'datasets', folderName(datasetId), remote);
      case 'site_temp':
        return join(this.workdir, 'site', remote);
      case 'permanent':
        return remote;
    }
  }

  /** Copies atomically. */
  private async copy(from: string, to: string, { optional, area, local }: Transfer): Promise<void> {
    await mkdir(dirname(to), { recursive: true });
    const part = `${to}.${randomUUID()}.part`;
    try {
      await copyFile(from, part);
    } catch (error) {
      await rm(part, { force: true });
      if (optional) return;
      throw new CannotRun(`cannot copy ${area} file ${local}`, { cause: error });
    }
    await rename(part, to);
  }
}
