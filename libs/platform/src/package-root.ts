import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';

const rootAbove = (folder: string): string =>
  existsSync(join(folder, 'package.json')) || dirname(folder) === folder ? folder : rootAbove(dirname(folder));

/** The folder of Cairn's `package.json`: what is not compiled is named from there, whether sources run or what was compiled of them. */
export const PACKAGE_ROOT = rootAbove(import.meta.dirname);
