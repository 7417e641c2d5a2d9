import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** All bytes of the files under a folder, one character each. */
export const bytesOf = async (folder: string): Promise<string> => {
  const files = (await readdir(folder, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile());
  const texts = await Promise.all(files.map(({ parentPath, name }) => readFile(join(parentPath, name), 'latin1')));
  return texts.join('\n');
};
