import { existsSync, mkdirSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';

const isFolder = (path: string): boolean => statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;

/**
 * Makes a folder and those above it, unless they exist. The `recursive` of Node.js tries for ever where the system says of an existing folder
 * in which it makes none that it is missing, such as `/proc`.
 */
export const makeFolder = (path: string, mode?: number): void => {
  const above = dirname(resolve(path));
  if (!existsSync(above)) makeFolder(above, mode);
  try {
    mkdirSync(path, { mode });
  } catch (error) {
    if (!isFolder(path)) throw error;
  }
};
