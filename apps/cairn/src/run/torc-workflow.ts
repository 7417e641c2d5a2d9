import { resolve } from 'node:path';
import { hostname, userInfo } from 'node:os';
import { inParallel } from './in-parallel.js';
import { modificationTime } from './files-on-disk.js';
import { type Signals, type TorcClient, workflowPath } from './torc-client.js';
import type { TorcConfig, TorcFile, TorcResult, TorcStatus, TorcWorkflow } from './torc-documents.js';

/** A workflow that cannot be run as it is. The message says why. */
export class CannotRunWorkflow extends Error {
  override readonly name = 'CannotRunWorkflow';
}

/** Concurrent requests for many documents. */
export const REQUESTS_MAX = 8;
const NAMED_MAX = 10;

const listed = (names: readonly string[]): string =>
  names.length <= NAMED_MAX
    ? names.join(', ')
    : `${names.slice(0, NAMED_MAX).join(', ')} and ${String(names.length - NAMED_MAX)} more`;

/** The name of the account that runs this process. */
export const loginName = (): string => {
  try {
    return userInfo().username;
  } catch {
    // Containers may run under an id that has no name.
    return String(process.getuid?.() ?? '');
  }
};

/** One workflow on a server, and its files here. */
export class TorcWorkflowCalls {
  constructor(
    readonly client: TorcClient,
    readonly key: string,
    /** Where paths of files count from. */
    private readonly workdir: string,
  ) {}

  path(rest: string): string {
    return workflowPath(this.key, rest);
  }

  /** Path of a file on disk. */
  onDisk(path: string): string {
    return resolve(this.workdir, path);
  }

  status(signals: Signals): Promise<TorcStatus> {
    return this.client.get(this.path('/status'), signals);
  }

  config(signals: Signals): Promise<TorcConfig> {
    return this.client.get(this.path('/config'), signals);
  }

  files(signals: Signals): Promise<readonly TorcFile[]> {
    return this.client.list(this.path('/files'), signals);
  }

  /** How many jobs have a status. */
  jobs(status: string, signals: Signals): Promise<number> {
    return this.client.count(this.path(`/jobs?status=${status}`), signals);
  }

  /** The newest return code of each job that has a result, by key. */
  async returnCodes(signals: Signals): Promise<ReadonlyMap<string, number>> {
    const results = await this.client.list<TorcResult>(this.path('/results'), signals);
    return new Map(results.map(({ job_key, return_code }) => [job_key, return_code]));
  }

  /** Records events of category `workflow` as the real client does, two for a restart (Torc contract 5.13). */
  async addEvent(type: 'start' | 'restart', runId: number, message: string, signals: Signals): Promise<void> {
    const who = { user: loginName(), node_name: hostname(), run_id: runId };
    const details = type === 'start' ? [who] : [who, { key: this.key }];
    for (const detail of details) {
      await this.client.post(this.path('/events'), { category: 'workflow', type, ...detail, message }, signals);
    }
  }

  /**
   * Checks that nothing is missing that the jobs need (Torc contract 5.7).
   *
   * @throws CannotRunWorkflow
   */
  async check(files: readonly TorcFile[], signals: Signals): Promise<void> {
    const workflow = await this.client.get<TorcWorkflow>(this.path(''), signals);
    if (workflow.is_archived === true) throw new CannotRunWorkflow('the workflow is archived');
    const missing = await this.client.get<{ user_data: readonly string[] }>(this.path('/missing_user_data'), signals);
    if (missing.user_data.length > 0) {
      throw new CannotRunWorkflow(`user data is missing: ${listed(missing.user_data)}`);
    }
    const required = await this.client.get<{ files: readonly string[] }>(
      this.path('/required_existing_files'),
      signals,
    );
    const byId = new Map(files.map((file) => [file._id, file]));
    const absent: string[] = [];
    await inParallel(required.files, REQUESTS_MAX, async (id) => {
      const { path } = byId.get(id) ?? (await this.file(id, signals));
      if ((await modificationTime(this.onDisk(path))) === undefined) absent.push(path);
    });
    if (absent.length > 0) throw new CannotRunWorkflow(`files are missing that jobs need: ${listed(absent)}`);
  }

  /**
   * Stores the times of files on disk that the server does not know or knows otherwise; resolves with the files that have changed
   * since the server was told.
   */
  async storeFileTimes(files: readonly TorcFile[], signals: Signals): Promise<readonly TorcFile[]> {
    const changed: TorcFile[] = [];
    await inParallel(files, REQUESTS_MAX, async (file) => {
      const time = await modificationTime(this.onDisk(file.path));
      if (time === undefined || time === file.st_mtime) return;
      await this.client.put(this.path(`/files/${encodeURIComponent(file._key)}`), { ...file, st_mtime: time }, signals);
      if (file.st_mtime !== undefined) changed.push(file);
    });
    return changed;
  }

  /** Begins the next run: `run_id` grows by 1 (Torc contract 7.2). */
  async nextRun(signals: Signals): Promise<number> {
    const status = await this.status(signals);
    const runId = status.run_id + 1;
    await this.client.put(this.path('/status'), { ...status, run_id: runId }, signals);
    return runId;
  }

  private file(id: string, signals: Signals): Promise<TorcFile> {
    return this.client.get(this.path(`/files/${encodeURIComponent(id)}`), signals);
  }
}
