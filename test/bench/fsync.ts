import { closeSync, fsyncSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { median } from './table.js';

const WRITES = 200;
const BYTES = 8192;

/** Median time that a folder's disk takes to make a small write durable. */
export const fsyncSeconds = (folder: string): number => {
  const file = openSync(join(folder, 'fsync'), 'a');
  const block = Buffer.alloc(BYTES, 1);
  try {
    return median(
      Array.from({ length: WRITES }, () => {
        writeSync(file, block);
        const startedMs = performance.now();
        fsyncSync(file);
        return (performance.now() - startedMs) / 1000;
      }),
    );
  } finally {
    closeSync(file);
  }
};
