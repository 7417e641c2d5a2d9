import { dirname, join, relative } from 'node:path';

const ROOT = join(import.meta.dirname, '../../..');

/**
 * Path of the compiled module `name` beside a source file. Threads run compiled code, also where tests run the sources.
 *
 * @param importer `import.meta.filename` of the caller
 */
export const threadModule = (importer: string, name: string): string =>
  importer.endsWith('.ts')
    ? join(ROOT, 'dist', relative(ROOT, dirname(importer)), name)
    : join(dirname(importer), name);
