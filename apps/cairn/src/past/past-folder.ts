import { randomBytes } from 'node:crypto';
import { mkdir, readdir, rm, symlink } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { KEYS_FOLDER, PRIVATE_FOLDER } from '#platform/private-files.js';
import { isRunning } from '../worker/is-running.js';

/** In the data folder. What is in it can be deleted at any time. */
export const PAST_FOLDER = 'past';

/** `view-4711-x7Uf0a`: what it is for, and the process that uses it. */
const NAME = /^[a-z]+-(\d+)-\w+$/;

/** Names of the folders of this process. In a container, one that was killed often had the same number. */
const own = new Set<string>();

const isInUse = (name: string, pid: number): boolean => (pid === process.pid ? own.has(name) : isRunning(pid));

/** Removes what processes have left behind that were killed, as far as this user may: root may have run one. */
export const removeLeftovers = async (dataDir: string): Promise<void> => {
  const folder = resolve(dataDir, PAST_FOLDER);
  for (const name of await readdir(folder).catch(() => [])) {
    const pid = NAME.exec(name)?.[1];
    if (pid === undefined || isInUse(name, Number(pid))) continue;
    await rm(join(folder, name), { recursive: true, force: true }).catch(() => undefined);
  }
};

/** Makes a folder for files that nobody needs when this process has ended. */
export const makeOwnFolder = async (dataDir: string, purpose: 'rebuild' | 'replay' | 'view'): Promise<string> => {
  await removeLeftovers(dataDir);
  const name = `${purpose}-${process.pid}-${randomBytes(6).toString('hex')}`;
  own.add(name);
  const folder = resolve(dataDir, PAST_FOLDER, name);
  await mkdir(folder, { recursive: true, mode: PRIVATE_FOLDER });
  return folder;
};

/** Makes a data folder for a past Cairn in that of the present one, which ends with this process. */
export const makePastFolder = async (dataDir: string, purpose: 'replay' | 'view'): Promise<string> => {
  const made = await makeOwnFolder(dataDir, purpose);
  // Tokens that are valid now are valid there.
  await symlink(resolve(dataDir, KEYS_FOLDER), join(made, KEYS_FOLDER));
  return made;
};
