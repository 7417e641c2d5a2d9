import { constants, existsSync } from 'node:fs';
import { type FileHandle, open, readlink, realpath } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { isInside } from './is-inside.js';

const OPENED_FILES = '/proc/self/fd';

/** A task has put something else in the place of a file, or has taken it away. */
export class CannotOpen extends Error {
  override readonly name = 'CannotOpen';
}

const check = (path: string, root: string): void => {
  if (!isInside(path, root)) throw new Error('it leads out of the work folder');
};

const openChecked = async (root: string, path: string, flags: number, mode?: number): Promise<FileHandle> => {
  const handle = await open(path, flags | constants.O_NONBLOCK | constants.O_NOCTTY, mode);
  try {
    if (!(await handle.stat()).isFile()) throw new Error('it is not a file');
    // Links may have changed since they were followed: this is what was opened.
    if (existsSync(OPENED_FILES)) check(await readlink(join(OPENED_FILES, String(handle.fd))), root);
    return handle;
  } catch (error) {
    await handle.close();
    throw error;
  }
};

const explained = async (name: string, opened: Promise<FileHandle>): Promise<FileHandle> => {
  try {
    return await opened;
  } catch (cause) {
    throw new CannotOpen(`${name} cannot be opened: ${(cause as Error).message}`, { cause });
  }
};

/**
 * Opens a file in the folder of a task. The task may have put links and pipes there: whatever leads out of the folder or is
 * no regular file is refused.
 *
 * @throws CannotOpen
 */
export const openToRead = (folder: string, name: string): Promise<FileHandle> => {
  const opened = async (): Promise<FileHandle> => {
    const [root, path] = await Promise.all([realpath(folder), realpath(join(folder, name))]);
    check(path, root);
    return openChecked(root, path, constants.O_RDONLY);
  };
  return explained(name, opened());
};

/**
 * Opens a file in the folder of a task to write it anew, as {@link openToRead} does; a link in its place is refused too.
 *
 * @throws CannotOpen
 */
export const openToWrite = (folder: string, name: string): Promise<FileHandle> => {
  const opened = async (): Promise<FileHandle> => {
    const path = join(folder, name);
    const [root, parent] = await Promise.all([realpath(folder), realpath(dirname(path))]);
    check(parent, root);
    const handle = await openChecked(root, path, constants.O_WRONLY | constants.O_CREAT | constants.O_NOFOLLOW, 0o644);
    await handle.truncate();
    return handle;
  };
  return explained(name, opened());
};
