import { randomUUID } from 'node:crypto';
import { link, mkdir, open, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { CannotStart } from './cannot-start.js';
import { KEYS_FOLDER, PRIVATE_FILE, PRIVATE_FOLDER, readPrivateFile } from './private-files.js';

const hasCode = (error: unknown, code: string): boolean =>
  typeof error === 'object' && error !== null && 'code' in error && error.code === code;

const read = async (file: string): Promise<string | undefined> => {
  try {
    return await readPrivateFile(file);
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return undefined;
    throw error;
  }
};

const writeDurably = async (file: string, text: string): Promise<void> => {
  const handle = await open(file, 'wx', PRIVATE_FILE);
  try {
    await handle.writeFile(text);
    await handle.sync();
  } finally {
    await handle.close();
  }
};

const create = async (folder: string, name: string, text: string): Promise<string> => {
  const file = join(folder, name);
  const temporary = join(folder, `${name}.${randomUUID()}`);
  await writeDurably(temporary, text);
  try {
    // A link fails when the name is taken, where a rename would replace the other process's key.
    await link(temporary, file);
  } catch (error) {
    if (!hasCode(error, 'EEXIST')) throw error;
  } finally {
    await unlink(temporary);
  }
  return readPrivateFile(file);
};

/** An unusable key: what it protects would be exposed, or lost if another key were made silently. */
export const unusableKey = (file: string, why: string): CannotStart =>
  new CannotStart(`${file} ${why}; restore it, or delete it to have another made`);

/**
 * The text of `<data>/keys/<name>`, which only its owner may read. It is made when it is missing; when several processes
 * make one at once, all use the first one.
 *
 * @throws CannotStart when it is empty, or open to other users
 */
export const readOrMakeKey = async (
  dataFolder: string,
  name: string,
  make: () => string | Promise<string>,
): Promise<string> => {
  const folder = join(dataFolder, KEYS_FOLDER);
  await mkdir(folder, { recursive: true, mode: PRIVATE_FOLDER });
  const text = (await read(join(folder, name))) ?? (await create(folder, name, await make()));
  // A disk that was full when it was copied leaves it so; with no secret anybody could sign.
  if (text.trim() === '') throw unusableKey(join(folder, name), 'is empty');
  return text;
};
