import { constants } from 'node:fs';
import { access, statfs } from 'node:fs/promises';
import type { HealthCheck } from './health.js';

const MIB = 1024 * 1024;

/** With less room a change of usual size may find the disk full. */
const FREE_BYTES_MIN = 16 * MIB;

/** Whether the data folder can be written to: questions are answered for long after the disk is full. */
export const diskCheck =
  (folder: string, freeBytesMin: number = FREE_BYTES_MIN): HealthCheck =>
  async () => {
    await access(folder, constants.W_OK);
    const { bavail, bsize } = await statfs(folder);
    const freeBytes = bavail * bsize;
    if (freeBytes < freeBytesMin) throw new Error(`${Math.floor(freeBytes / MIB)} MiB are left on its disk`);
  };
