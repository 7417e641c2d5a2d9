import { relative } from 'node:path';

/** Whether a path is the folder or in it. Both are without symbolic links. */
export const isInside = (path: string, folder: string): boolean => {
  const way = relative(folder, path);
  return way !== '..' && !way.startsWith('../');
};
