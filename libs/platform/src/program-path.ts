import { join } from 'node:path';
import { PACKAGE_ROOT } from './package-root.js';

/**
 * Path of a program or thread of Cairn, bundled. Processes and threads run bundles, also where tests run the sources.
 *
 * @param name of its source from the root of the project, such as `libs/ledger/src/sqlite-writer-thread.js`; `bundle.mjs` says
 * which sources are bundled
 */
export const programPath = (name: string): string => join(PACKAGE_ROOT, 'dist', name);

/** The program with all commands of `cairn`. */
export const CAIRN_PROGRAM = programPath('apps/cairn/src/main.js');
