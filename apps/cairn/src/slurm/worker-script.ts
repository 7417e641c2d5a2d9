import { createHash } from 'node:crypto';
import { chmod, mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { GivenToken } from '../worker/token-options.js';
import { shellQuoted } from '../worker/shell-words.js';

/** What workers on nodes need to reach the server. The address may hold a secret, so it stands in a file of its user. */
export interface ServerFile {
  readonly server: string;
  /** Where tokens come from; paths are absolute. */
  readonly token: GivenToken;
}

const FOLDER_MODE = 0o700;
const FILE_MODE = 0o600;

/** Writes the file into a folder that nodes can read, and resolves with its path. Equal content has the same path. */
export const writeServerFile = async (folder: string, content: ServerFile): Promise<string> => {
  const text = JSON.stringify(content);
  const name = `server-${createHash('sha256').update(text).digest('hex').slice(0, 16)}.json`;
  const file = join(folder, name);
  // The mode of mkdir depends on the umask. A folder that exists keeps its mode.
  if ((await mkdir(folder, { recursive: true })) !== undefined) await chmod(folder, FOLDER_MODE);
  const fresh = `${file}.${process.pid}`;
  await writeFile(fresh, text, { mode: FILE_MODE });
  // A worker that reads it now sees the old or the new one, whole.
  await rename(fresh, file);
  return file;
};

export const readServerFile = async (file: string): Promise<ServerFile> =>
  JSON.parse(await readFile(file, 'utf8')) as ServerFile;

/** How workers are started in an allocation. */
export interface WorkerLaunch {
  /** Program and first arguments with which nodes call `cairn`. */
  readonly cairn: readonly string[];
  readonly serverFile: string;
  readonly workflow: string;
  /** Full id of the scheduler configuration. */
  readonly configId: string;
  /** Key of the document of the allocation; the worker of one node of several has none. */
  readonly allocation: string | undefined;
  readonly maxParallelJobs: number | undefined;
  readonly onePerNode: boolean;
}

/** The words of the command that works on one node. */
export const nodeCommand = (launch: WorkerLaunch): readonly string[] => [
  ...launch.cairn,
  ...['slurm', 'worker', '--server-file', launch.serverFile],
  ...['--workflow', launch.workflow, '--scheduler', launch.configId],
  ...(launch.maxParallelJobs === undefined ? [] : ['--max-parallel-jobs', String(launch.maxParallelJobs)]),
  ...(launch.onePerNode ? ['--one-per-node'] : []),
];

/** The batch script of an allocation. Slurm shows it to others: it holds no secrets. */
export const workerScript = (launch: WorkerLaunch & { readonly allocation: string }): string => {
  const command = [...nodeCommand(launch), '--allocation', launch.allocation];
  return `#!/bin/sh\nexec ${command.map(shellQuoted).join(' ')}\n`;
};
