import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { finished } from 'node:stream/promises';
import { promisify } from 'node:util';
import { OutputFile } from '../worker/output-file.js';
import type { Usage } from '../worker/process-usage.js';
import { type EndSignals, runProcess } from '../worker/run-process.js';
import type { Sandbox } from '../worker/sandbox/sandbox.js';
import { shellQuoted, shellWords } from '../worker/shell-words.js';
import type { Download } from './download.js';
import type { JobFolder, StoredFile } from './job-folder.js';
import type { PandaJob } from './panda-job.js';
import { BadParameters, readRunGen } from './run-gen.js';

/** Error codes of pilots. */
export const PILOT_ERRORS = {
  stageInFailed: 1099,
  killed: 1144,
  outputMissing: 1165,
  payloadFailed: 1305,
} as const;

/** Why a job has failed. */
export class JobFailure extends Error {
  override readonly name = 'JobFailure';

  constructor(
    readonly code: number,
    message: string,
    /** Of the payload. */
    readonly exitCode = 0,
    /** This machine could not run it, whatever the job is. */
    readonly isOfMachine = false,
  ) {
    super(message);
  }
}

export interface PayloadOptions {
  readonly sandbox: Sandbox;
  readonly environment: Readonly<Record<string, string>>;
  readonly outputBytesMax: number;
  /** Where input files are looked for. */
  readonly inputFolders: readonly string[];
  readonly download: Download;
}

const TRANSFORMATION_URL = /^https?:\/\//u;
const RUN_GEN = /\/runGen-[\d-]+$/u;
const BUILD_GEN = /\/buildGen-[\d-]+$/u;
const EXECUTABLE = 0o755;
const SECRETS_FILE = 'panda_secrets.json';
const LAST_WORDS_MAX = 400;
const STDOUT_TAIL = 4_000;
/** Exit codes of shells for a program that cannot be run or does not exist. */
const NOT_RUNNABLE: ReadonlySet<number | undefined> = new Set([126, 127]);

const run = promisify(execFile);

/** Files that the job makes, by the names under which they are kept. */
type Made = ReadonlyMap<string, string>;

/** Runs one job in its folder, from its inputs to its outputs. */
export class Payload {
  private readonly stdout: OutputFile;
  private readonly stderr: OutputFile;
  usage: Usage = { seconds: 0 };

  constructor(
    private readonly job: PandaJob,
    private readonly folder: JobFolder,
    private readonly options: PayloadOptions,
    private readonly end: EndSignals,
  ) {
    this.stdout = new OutputFile(join(folder.base, 'payload.stdout'), options.outputBytesMax);
    this.stderr = new OutputFile(join(folder.base, 'payload.stderr'), options.outputBytesMax);
  }

  /** The end of what it has printed so far. */
  get tail(): string {
    return this.stdout.lastWords(STDOUT_TAIL);
  }

  /**
   * Resolves with the outputs that are kept, by name.
   *
   * @throws JobFailure
   */
  async run(): Promise<ReadonlyMap<string, StoredFile>> {
    await this.folder.prepare();
    for (const lfn of this.job.inputs) {
      if (await this.folder.fetchInput(lfn, this.options.inputFolders)) continue;
      throw new JobFailure(PILOT_ERRORS.stageInFailed, `the input ${lfn} is not in any folder of this pilot`);
    }
    if (this.job.secrets !== undefined) await this.folder.write(SECRETS_FILE, this.job.secrets, 0o600);
    const made = await this.runTransformation();
    return this.storeOutputs(made);
  }

  /** Keeps what was printed as the job's log, whatever has become of the job. Nothing when it has none. */
  async storeLog(): Promise<ReadonlyMap<string, StoredFile>> {
    for (const output of [this.stdout, this.stderr]) {
      output.end();
      await finished(output);
    }
    const log = this.job.outputs.find(({ isLog }) => isLog);
    const names = [this.stdout, this.stderr].flatMap(({ hasFile }, at) =>
      hasFile ? [at === 0 ? 'payload.stdout' : 'payload.stderr'] : [],
    );
    if (log === undefined) return new Map();
    const archive = join(this.folder.base, 'log.tgz');
    await run('tar', ['czf', archive, '-C', this.folder.base, ...(names.length > 0 ? names : ['-T', '/dev/null'])]);
    return new Map([[log.lfn, await this.folder.storeOwn(archive, log.lfn, log.guid)]]);
  }

  private async runTransformation(): Promise<Made> {
    const { transformation, parameters } = this.job;
    if (RUN_GEN.test(transformation)) return this.runGen();
    if (BUILD_GEN.test(transformation)) return this.buildGen();
    if (TRANSFORMATION_URL.test(transformation)) {
      const name = new URL(transformation).pathname.split('/').at(-1) ?? 'transformation';
      await this.fetchFile(transformation, name, EXECUTABLE);
      await this.folder.handOver();
      await this.execute(`./${shellQuoted(name)} ${parameters}`);
    } else {
      await this.folder.handOver();
      await this.execute(`${transformation} ${parameters}`);
    }
    return new Map(this.job.outputs.map(({ lfn }) => [lfn, lfn]));
  }

  /** Cairn's default transformation: a command in the parameters, with the files of a sandbox. */
  private async runGen(): Promise<Made> {
    const request = read(() => readRunGen(this.job.parameters));
    if (request.sandbox !== undefined) await this.fetchSandbox(request.sandbox, request.sourceUrl);
    await this.folder.handOver();
    for (const archive of [request.library, request.sandbox]) {
      if (archive !== undefined) await this.execute(`tar xzf ${shellQuoted(archive)}`);
    }
    const folder = shellQuoted(request.folder);
    await this.execute(`mkdir -p ${folder} && cd ${folder}\n${request.script}`);
    return new Map(request.outputs.map(([made, lfn]) => [lfn, join(request.folder, made)]));
  }

  /** Makes a library of a sandbox: the same files, which the jobs unpack. */
  private async buildGen(): Promise<Made> {
    const words = read(() => shellWords(this.job.parameters));
    const after = (option: string): string | undefined => words[words.indexOf(option) + 1];
    const [source, library] = [after('-i'), after('-o')];
    if (source === undefined || library === undefined) {
      throw new JobFailure(PILOT_ERRORS.payloadFailed, 'the parameters name no source and library');
    }
    await this.fetchSandbox(source, words.includes('--sourceURL') ? after('--sourceURL') : undefined);
    await this.folder.handOver();
    await this.execute(`tar tzf ${shellQuoted(source)} && cp ${shellQuoted(source)} ${shellQuoted(library)}`);
    return new Map([[library, library]]);
  }

  /** The server keeps sandboxes in its cache; `sourceUrl` may name another one. */
  private fetchSandbox(name: string, sourceUrl: string | undefined): Promise<void> {
    const other = sourceUrl !== undefined && TRANSFORMATION_URL.test(sourceUrl) ? sourceUrl : undefined;
    return this.fetchFile(`/cache/${encodeURIComponent(name)}`, name, 0o644, other);
  }

  private async fetchFile(address: string, name: string, mode: number, elsewhere?: string): Promise<void> {
    try {
      await this.folder.write(name, await this.options.download.open(address, elsewhere, this.end.interrupted), mode);
    } catch (error) {
      const message = `${name} cannot be downloaded: ${(error as Error).message}`;
      throw new JobFailure(PILOT_ERRORS.stageInFailed, message);
    }
  }

  private async execute(script: string): Promise<void> {
    const { sandbox, environment } = this.options;
    const { stdout, stderr, end } = this;
    const { folders } = this.folder;
    const variables = { ...environment, PandaID: String(this.job.id) };
    const outcome = await runProcess(['sh', '-c', script], {
      ...{ folders, sandbox, environment: variables, stdout, stderr, end },
    });
    this.usage = together(this.usage, outcome.usage);
    const { error, code, signal } = outcome;
    if (code === 0) return;
    const words = stderr.lastWords(LAST_WORDS_MAX);
    const how = error ?? (signal === undefined ? `exit code ${String(code)}` : `signal ${signal}`);
    throw new JobFailure(
      PILOT_ERRORS.payloadFailed,
      words === '' ? how : `${how}: ${words}`,
      code ?? 1,
      error !== undefined || NOT_RUNNABLE.has(code),
    );
  }

  private async storeOutputs(made: Made): Promise<ReadonlyMap<string, StoredFile>> {
    const stored = new Map<string, StoredFile>();
    for (const { lfn, isLog, mayBeMissing, guid } of this.job.outputs) {
      if (isLog) continue;
      try {
        stored.set(lfn, await this.folder.store(made.get(lfn) ?? lfn, lfn, guid));
      } catch (error) {
        if (mayBeMissing) continue;
        const name = made.get(lfn) ?? lfn;
        const message = `the job has not made its output ${name}: ${(error as Error).message}`;
        throw new JobFailure(PILOT_ERRORS.outputMissing, message);
      }
    }
    return stored;
  }
}

const read = <Result>(reader: () => Result): Result => {
  try {
    return reader();
  } catch (error) {
    if (error instanceof BadParameters) throw new JobFailure(PILOT_ERRORS.payloadFailed, error.message);
    throw error;
  }
};

/** Processes run one after the other: times add up, memory peaks count, processor use is an average over time. */
const together = (one: Usage, other: Usage): Usage => {
  const seconds = one.seconds + other.seconds;
  const busy = (one.cpu ?? 0) * one.seconds + (other.cpu ?? 0) * other.seconds;
  const memoryBytes = Math.max(one.memoryBytes ?? 0, other.memoryBytes ?? 0);
  return { seconds, ...(memoryBytes > 0 && { memoryBytes, cpu: busy / Math.max(seconds, Number.EPSILON) }) };
};
