import { randomUUID } from 'node:crypto';
import { mkdir, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import type { Method } from './http-client.js';
import { isRunning } from './is-running.js';

/** One of the requests that deliver a result. */
export interface ResultRequest {
  readonly method: Method;
  readonly path: string;
  /** JSON text of an object. */
  readonly body: string;
  /** A text file of the result that is sent as a member of the body. */
  readonly text?: { readonly member: string; readonly file: string };
  readonly idempotencyKey: string;
}

/** What the server has yet to receive about one unit, in this order. The last request ends the unit on the server. */
export interface Result {
  /** Names the unit in log lines. */
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
/** Ends the name of a folder that is still being written. */
const PART = '.part';
/** Ends the name of a folder whose result cannot be read. */
const BROKEN = '.broken';
/** Age from which a result is abandoned although its worker may still run, as when that ran on another host. */
const ABANDONED_MS = 15 * 60_000;

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null;

const isRequest = (value: unknown): value is ResultRequest =>
  isObject(value) && 'method' in value && 'path' in value && 'body' in value && 'idempotencyKey' in value;

const isStored = (value: unknown): value is Stored =>
  isObject(value) &&
  'title' in value &&
  'server' in value &&
  'owner' in value &&
  isObject(value.owner) &&
  'requests' in value &&
  Array.isArray(value.requests) &&
  value.requests.every(isRequest);

/** `undefined` when the text is no stored result. */
const parseStored = (text: string): Stored | undefined => {
  try {
    const value: unknown = JSON.parse(text);
    return isStored(value) ? value : undefined;
  } catch {
    return undefined;
  }
};

/** Results on disk that have not been delivered yet, each in its own folder. A later worker delivers what this one does not. */
export class Spool {
  /** @param server address that results are for; workers of other servers may share the folder */
  constructor(
    private readonly folder: string,
    private readonly server: string,
    private readonly note: (line: string) => void,
  ) {}

  /** Stores a result atomically. `files` are moved here; their keys become their names. */
  async add(result: Result, files: ReadonlyMap<string, string> = new Map()): Promise<SpoolEntry> {
    const id = randomUUID();
    const part = join(this.folder, `${id}${PART}`);
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

  /** Results for this server that workers left behind when they ended, oldest first. Unreadable ones are set aside. */
  async abandoned(): Promise<readonly SpoolEntry[]> {
    const names = await readdir(this.folder).catch((): readonly string[] => []);
    const found = await Promise.all(names.map((name) => this.read(join(this.folder, name))));
    return found
      .filter((entry) => entry !== undefined)
      .sort((left, right) => left.storedMs - right.storedMs)
      .map(({ entry }) => entry);
  }

  private async read(folder: string): Promise<{ readonly entry: SpoolEntry; readonly storedMs: number } | undefined> {
    if (folder.endsWith(PART) || folder.endsWith(BROKEN)) return undefined;
    const file = join(folder, RESULT_FILE);
    let text: string;
    let storedMs: number;
    try {
      storedMs = (await stat(file)).mtimeMs;
      text = await readFile(file, 'utf8');
    } catch {
      // Not a result, or another worker has just delivered it.
      return undefined;
    }
    const stored = parseStored(text);
    if (stored === undefined) {
      await this.setAside(folder);
      return undefined;
    }
    const { server, owner, title, requests } = stored;
    if (server !== this.server) return undefined;
    // Containers reuse process ids: our own id cannot belong to another running worker.
    const hasEnded = owner.host === hostname() && (owner.pid === process.pid || !isRunning(owner.pid));
    if (!hasEnded && Date.now() < storedMs + ABANDONED_MS) return undefined;
    return { entry: { title, requests, folder }, storedMs };
  }

  /** Keeps a broken result for people to look at, under a name that no worker reads. */
  private async setAside(folder: string): Promise<void> {
    const target = `${folder}${BROKEN}`;
    try {
      await rename(folder, target);
      this.note(`cannot read the result in ${folder}: set aside as ${target}`);
    } catch {
      // Another worker has just set it aside.
    }
  }
}
