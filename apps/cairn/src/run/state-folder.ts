import { randomUUID } from 'node:crypto';
import { appendFile, mkdir, open, readdir, readFile, rename, rm, rmdir, writeFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { makeFolder } from '#platform/make-folder.js';
import { UsageError } from '../command-line.js';
import { statOf } from '../worker/process-stat.js';

/** What a run has to know when it is resumed. */
export interface RunState {
  readonly format: 1;
  /** Marks the processes of the run; also the idempotency key of the submission. */
  readonly run: string;
  /** Base URL of the server; `undefined` for the one that the runner starts for itself. */
  readonly server?: string;
  /** Key of the workflow; `undefined` until the server has answered the submission. */
  readonly workflow?: string;
  /** When the workflow was made: another server has another workflow under that key. */
  readonly created?: string;
  /** Where jobs run, and where paths of files count from. */
  readonly workdir: string;
  /** The workflow file, and the SHA-256 of its text when it was submitted. */
  readonly file: string;
  readonly digest: string;
}

const STATE_FILE = 'state.json';
const SPECIFICATION_FILE = 'specification.json';
const REPORT_FILE = 'report.jsonl';
const LOCK_FILE = 'lock';

/** A killed process needs a moment to end. */
const LOCK_WAIT_MS = 1_000;
const LOCK_POLL_MS = 50;

/** When a process has started; empty for one that has ended, also if nobody has asked for its exit code yet. */
const startOf = async (pid: number): Promise<string> => {
  const stat = await statOf(pid);
  return stat === undefined || stat.isZombie ? '' : stat.start;
};

/** This process among all that this host has ever run under its id. */
const ownIdentity = async (): Promise<string> =>
  JSON.stringify({ host: hostname(), pid: process.pid, start: await startOf(process.pid) });

/** Whether the process that wrote a lock still runs; those of other hosts are taken to. */
const holderRuns = async (lock: string): Promise<boolean> => {
  try {
    const { host, pid, start } = JSON.parse(lock) as { host: string; pid: number; start: string };
    if (host !== hostname()) return true;
    process.kill(pid, 0);
    return (await startOf(pid)) === start;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
};

/** The folder of one run: its state, the output of its jobs, its report, and results that wait for delivery. */
export class StateFolder {
  private constructor(readonly path: string) {}

  /** Whether a folder holds a run. */
  static holdsRun(path: string): boolean {
    return existsSync(join(path, STATE_FILE));
  }

  /**
   * Makes the folder where needed, and takes it for this process.
   *
   * @throws UsageError when another runner works on it, or nothing can be written there
   */
  static async take(path: string): Promise<StateFolder> {
    try {
      makeFolder(path);
    } catch (error) {
      throw new UsageError(`--output cannot be made: ${(error as Error).message}`);
    }
    const file = join(path, LOCK_FILE);
    const giveUpMs = performance.now() + LOCK_WAIT_MS;
    for (;;) {
      try {
        await writeFile(file, await ownIdentity(), { flag: 'wx' });
        return new StateFolder(path);
      } catch (error) {
        const { code, message } = error as NodeJS.ErrnoException;
        if (code !== 'EEXIST') throw new UsageError(`--output cannot be written to: ${message}`);
      }
      const lock = await readFile(file, 'utf8').catch(() => '');
      if (!(await holderRuns(lock))) await rm(file, { force: true });
      else if (performance.now() > giveUpMs) throw new UsageError(`another runner works on ${path}: ${lock}`);
      else await delay(LOCK_POLL_MS);
    }
  }

  /** Folders of embedded Cairn's data and of results that wait for delivery. */
  get dataDir(): string {
    return join(this.path, 'data');
  }

  get spool(): string {
    return join(this.path, 'spool');
  }

  get serverLog(): string {
    return join(this.path, 'server.log');
  }

  get reportFile(): string {
    return join(this.path, REPORT_FILE);
  }

  /** Folder of what the jobs of one `run_id` print; made where needed. */
  async outputs(runId: number): Promise<string> {
    const folder = join(this.path, `run-${String(runId)}`);
    await mkdir(folder, { recursive: true });
    return folder;
  }

  async readState(): Promise<RunState> {
    return JSON.parse(await readFile(join(this.path, STATE_FILE), 'utf8')) as RunState;
  }

  writeState(state: RunState): Promise<void> {
    return this.writeDurably(STATE_FILE, `${JSON.stringify(state, undefined, 2)}\n`);
  }

  /** The specification as it was or will be submitted; raw JSON. */
  readSpecification(): Promise<string> {
    return readFile(join(this.path, SPECIFICATION_FILE), 'utf8');
  }

  writeSpecification(json: string): Promise<void> {
    return this.writeDurably(SPECIFICATION_FILE, json);
  }

  /** Adds a line to the report. */
  async report(entry: object): Promise<void> {
    await appendFile(this.reportFile, `${JSON.stringify(entry)}\n`);
  }

  /** The submission was refused: nothing is to be resumed. */
  async forgetRun(): Promise<void> {
    await rm(join(this.path, STATE_FILE), { force: true });
    await rm(join(this.path, SPECIFICATION_FILE), { force: true });
  }

  /** Gives the folder up, and removes it when nothing has come into it. */
  async release(): Promise<void> {
    await rm(join(this.path, LOCK_FILE), { force: true });
    await rmdir(this.path).catch(() => undefined);
  }

  private async writeDurably(name: string, text: string): Promise<void> {
    const part = join(this.path, `${name}.${randomUUID()}.part`);
    const file = await open(part, 'w');
    try {
      await file.writeFile(text);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(part, join(this.path, name));
  }
}

/** Folders in `parent` that hold runs. */
export const runsIn = async (parent: string): Promise<readonly string[]> =>
  (await readdir(parent).catch((): readonly string[] => []))
    .filter((name) => name.endsWith(RUN_SUFFIX))
    .map((name) => join(parent, name))
    .filter((folder) => StateFolder.holdsRun(folder));

/** Ends the names of folders of runs. */
export const RUN_SUFFIX = '.run';
