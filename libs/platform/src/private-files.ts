import { type Stats } from 'node:fs';
import { chmod, open, readdir, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { CannotStart } from './cannot-start.js';
import type { Log } from './logging.js';
import { makeFolder } from './make-folder.js';

/** Mode of folders that only their owner may enter. */
export const PRIVATE_FOLDER = 0o700;
/** Mode of files that only their owner may read and change. */
export const PRIVATE_FILE = 0o600;
/** Bits that give rights to the group and to all others. */
const RIGHTS_OF_OTHERS = 0o077;

/** Folders from this depth on are looked into only if others could enter them: there may be millions of blobs. */
const UNCHECKED_DEPTH = 2;
/** The folder of keys. Modes of keys are not repaired, because an exposed key must be replaced: see {@link readPrivateFile}. */
export const KEYS_FOLDER = 'keys';
/** Names of this many repaired entries are logged. */
const LOGGED_NAMES_MAX = 10;

const ROOT = 0;

const isMissing = (error: unknown): boolean =>
  typeof error === 'object' && error !== null && 'code' in error && error.code === 'ENOENT';

const octal = (mode: number): string => (mode & 0o777).toString(8).padStart(4, '0');

/** Undefined when it is gone already. Links are followed. */
const statOf = async (path: string): Promise<Stats | undefined> => {
  try {
    return await stat(path);
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
};

const namesIn = async (folder: string): Promise<readonly string[]> => {
  try {
    return await readdir(folder);
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
};

/** Whether the file system knows owners and modes; Windows does not. */
const hasModes = (): boolean => process.getuid !== undefined;

/** @throws CannotStart when it belongs to another user, who could change it or open it again */
const checkOwner = (path: string, { uid }: Stats): void => {
  const self = process.getuid?.();
  if (self === undefined || self === ROOT || uid === self) return;
  throw new CannotStart(`${path} belongs to user ${uid}; it must belong to user ${self}, who runs Cairn`);
};

/** Takes the rights of others from what is in a folder, and remembers the names. */
class ModeRepair {
  readonly repaired: string[] = [];

  async folder(path: string, depth = 0, isInOpenFolder = false): Promise<void> {
    const wasOpen = (await this.entry(path, PRIVATE_FOLDER)) || isInOpenFolder;
    if (depth >= UNCHECKED_DEPTH && !wasOpen) return;
    const holdsKeys = depth === 1 && basename(path) === KEYS_FOLDER;
    for (const name of await namesIn(path)) {
      const inside = join(path, name);
      const about = await statOf(inside);
      if (about?.isDirectory() === true) await this.folder(inside, depth + 1, wasOpen);
      else if (!holdsKeys) await this.entry(inside, PRIVATE_FILE, about);
    }
  }

  /** Whether others had rights. */
  private async entry(path: string, mode: number, known?: Stats): Promise<boolean> {
    const about = known ?? (await statOf(path));
    if (about === undefined) return false;
    checkOwner(path, about);
    if ((about.mode & RIGHTS_OF_OTHERS) === 0) return false;
    try {
      await chmod(path, mode);
    } catch (cause) {
      if (isMissing(cause)) return false;
      throw new CannotStart(
        `${path} is open to other users (mode ${octal(about.mode)}), and its mode cannot be changed to ${octal(mode)}`,
        { cause },
      );
    }
    this.repaired.push(`${path} (${octal(about.mode)})`);
    return true;
  }
}

/** From now on, files and folders that this process makes are for its user alone. SQLite's files have no other way to get a mode. */
export const keepNewFilesPrivate = (): void => {
  process.umask(RIGHTS_OF_OTHERS);
};

/**
 * Makes the data folder, or takes from an existing one the rights that others have. Called before anything is opened in it.
 *
 * @throws CannotStart when it cannot be made, or a part of it belongs to another user
 */
export const protectDataFolder = async (folder: string, log: Log): Promise<void> => {
  keepNewFilesPrivate();
  try {
    makeFolder(folder, PRIVATE_FOLDER);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new CannotStart(`the data folder cannot be made: ${reason}`, { cause });
  }
  if (!hasModes()) return;
  const repair = new ModeRepair();
  await repair.folder(folder);
  const { repaired } = repair;
  if (repaired.length === 0) return;
  log.warn(
    { folder, repaired: repaired.length, examples: repaired.slice(0, LOGGED_NAMES_MAX) },
    'other users of this machine had access to the data folder; now only its owner has',
  );
};

/**
 * The text of a file with a secret.
 *
 * @throws CannotStart when other users may read or change it: whoever has read it has what it protects
 */
export const readPrivateFile = async (file: string): Promise<string> => {
  const handle = await open(file, 'r');
  try {
    const { mode } = await handle.stat();
    if (hasModes() && (mode & RIGHTS_OF_OTHERS) !== 0) {
      throw new CannotStart(
        `${file} is open to other users of this machine (mode ${octal(mode)}); replace it, because they may have read it, ` +
          `or take their rights with chmod 600 if they cannot have`,
      );
    }
    return await handle.readFile('utf8');
  } finally {
    await handle.close();
  }
};
