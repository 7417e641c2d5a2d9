import { execFile } from 'node:child_process';
import { chmod, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { SystemUser } from './system-user.js';

/** Folders of one task that its processes may write to. */
export interface TaskFolders {
  readonly work: string;
  readonly temporary: string;
}

/** Others can pass through, but see nothing: what is in it has modes of its own. */
export const PASSAGE = 0o711;
export const PRIVATE = 0o700;

const run = promisify(execFile);

export const taskFolders = (base: string): TaskFolders => ({ work: join(base, 'work'), temporary: join(base, 'tmp') });

/** Makes the folders of one task. Nobody else can put anything there before they are handed over. */
export const makeTaskFolders = async (base: string): Promise<void> => {
  await mkdir(base, { recursive: true });
  // The mode of mkdir depends on the umask.
  await chmod(base, PASSAGE);
  const { work, temporary } = taskFolders(base);
  for (const folder of [work, temporary]) await mkdir(folder, { mode: PRIVATE });
};

/** Gives the folders of a task, with what is in them, to the user whom it runs as. */
export const handOver = async ({ work, temporary }: TaskFolders, user: SystemUser | undefined): Promise<void> => {
  if (user === undefined) return;
  await run('chown', ['-R', '-h', `${String(user.uid)}:${String(user.gid)}`, '--', work, temporary]);
};

/** Removes the folders of a task, whatever it has put there. */
export const removeTaskFolders = async (base: string): Promise<void> => {
  // Unlike the `rm` of Node.js, the command cannot be led astray by links that a task makes meanwhile.
  const remove = (): Promise<unknown> => run('rm', ['-rf', '--', base]);
  try {
    await remove();
  } catch {
    // The task has taken rights from its folders.
    await run('chmod', ['-R', 'u+rwX', '--', base]);
    await remove();
  }
};
