import { randomUUID } from 'node:crypto';
import { mkdir, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import type { Method } from './http-client.js';

/** One message to the server, of those that bring a result. */
export interface ResultRequest {
  readonly method: Method;
  readonly path: string;
  /** JSON text of an object. */
  readonly body: string;
  /** A text file of the result that is sent as a member of the body. */
  readonly text?: { readonly member: string; readonly file: string };
  readonly idempotencyKey: string;
}

/** What is left to be told of one unit of work, in this order. The last request ends the unit on the server. */
export interface Result {
  /** The unit, in words for people. */
  readonly title: string;
  readonly requests: readonly ResultRequest[];
}

/** A result on disk. */
export interface SpoolEntry extends Result {
  readonly folder: string;
}

interface Stored extends Result {
  readonly server: string;
  readonly owner: { readonly host: string; readonly pid: number };
}

const RESULT_FILE = 'result.json';
/** Results of workers of which nothing else is known are taken over when they have lain for so long. */
const ORPHAN_MS = 15 * 60_000;

const isRunning = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // A process of somebody else.
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
};

/** Results that have not been delivered yet, each in a folder of its own. They outlive the worker. */
export class Spool {
  /** @param server address that results are for; workers of other servers may share the folder */
  constructor(
    private readonly folder: string,
    private readonly server: string,
  ) {}

  /** Puts a result on disk: whole or not at all. `files` are moved here under their new names. */
  async add(result: Result, files: ReadonlyMap<string, string> = new Map()): Promise<SpoolEntry> {
    const id = randomUUID();
    const part = join(this.folder, `${id}.part`);
    await mkdir(part, { recursive: true, mode: 0o700 });
    for (const [name, source] of files) await rename(source, join(part, name));
    const stored: Stored = { ...result, server: this.server, owner: { host: hostname(), pid: process.pid } };
    const file = await open(join(part, RESULT_FILE), 'w', 0o600);
    try {
      await file.writeFile(JSON.stringify(stored));
      await file.sync();
    } finally {
      await file.close();
    }
    const folder = join(this.folder, id);
    await rename(part, folder);
    return { ...result, folder };
  }

  async remove({ folder }: SpoolEntry): Promise<void> {
    await rm(folder, { recursive: true, force: true });
  }

  /** Results that workers which run no more have left behind for this server, oldest first. */
  async abandoned(): Promise<readonly SpoolEntry[]> {
    const names = await readdir(this.folder).catch((): readonly string[] => []);
    const found = await Promise.all(names.map((name) => this.read(join(this.folder, name))));
    return found
      .filter((entry) => entry !== undefined)
      .sort((left, right) => left.storedMs - right.storedMs)
      .map(({ entry }) => entry);
  }

  private async read(folder: string): Promise<{ readonly entry: SpoolEntry; readonly storedMs: number } | undefined> {
    try {
      const file = join(folder, RESULT_FILE);
      const { mtimeMs: storedMs } = await stat(file);
      const { server, owner, title, requests } = JSON.parse(await readFile(file, 'utf8')) as Stored;
      const { host, pid } = owner;
      // Containers give the same process id again and again: ours belongs to nobody else.
      const isLeft = host === hostname() && (pid === process.pid || !isRunning(pid));
      if (folder.endsWith('.part') || server !== this.server) return undefined;
      if (!isLeft && Date.now() < storedMs + ORPHAN_MS) return undefined;
      return { entry: { title, requests, folder }, storedMs };
    } catch {
      // No result, or another worker has just delivered it.
      return undefined;
    }
  }
}
