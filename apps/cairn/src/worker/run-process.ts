import { type ChildProcess, spawn } from 'node:child_process';
import { Readable, type Writable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { finished } from 'node:stream/promises';
import { childrenOf, groupOf, type Usage, watchUsage } from './process-usage.js';
import { type Sandbox, STATUS_FD } from './sandbox/sandbox.js';
import type { TaskFolders } from './sandbox/task-folders.js';

export interface Outcome {
  /** `undefined` when it could not be started. */
  readonly code: number | undefined;
  readonly signal: NodeJS.Signals | undefined;
  /** Why it did not start. */
  readonly error: string | undefined;
  readonly usage: Usage;
}

/** Signals that end a process and its descendants early. */
export interface EndSignals {
  /** Sends SIGTERM, and SIGKILL some seconds later. */
  readonly interrupted: AbortSignal;
  /** Sends SIGKILL at once. */
  readonly halted: AbortSignal;
}

interface RunOptions {
  /** The command runs in the work folder. */
  readonly folders: TaskFolders;
  readonly sandbox: Sandbox;
  readonly environment: Readonly<Record<string, string>>;
  /** Streams that stay open for the next process. */
  readonly stdout: Writable;
  readonly stderr: Writable;
  readonly end: EndSignals;
  /** Time between SIGTERM and SIGKILL; by default 5 s. */
  readonly killAfterMs?: number;
}

const KILL_AFTER_MS = 5_000;
/** Time to read what a process has written before its end. */
const DRAIN_MS = 2_000;
const killGroup = (pid: number, signal: NodeJS.Signals): void => {
  try {
    process.kill(-pid, signal);
  } catch {
    // The group is gone already.
  }
};

/** Process group of the command that a sandbox has started, two processes below its own; `undefined` before it runs. */
const groupInside = async (pid: number): Promise<number | undefined> => {
  try {
    const [first = 0] = await childrenOf(pid);
    const [second = 0] = await childrenOf(first);
    return await groupOf(second);
  } catch {
    return undefined;
  }
};

/** Calls back once, at once when the signal has already aborted. */
const onAbort = (signal: AbortSignal, act: () => void, ended: AbortSignal): void => {
  if (signal.aborted) act();
  else signal.addEventListener('abort', act, { once: true, signal: ended });
};

/** Waits for the end of the output, for a limited time: surviving descendants may keep the pipes open. */
const drain = async (streams: readonly Readable[]): Promise<void> => {
  const signal = AbortSignal.timeout(DRAIN_MS);
  await Promise.all(streams.map((stream) => finished(stream, { signal, cleanup: true }).catch(() => stream.destroy())));
};

const readableOf = ({ stdio }: ChildProcess, descriptor: number): Readable => {
  const stream = stdio[descriptor];
  return stream instanceof Readable ? stream : Readable.from([]);
};

/** What bubblewrap writes to its status when the command has run. */
const HAS_RUN = '"exit-code"';

/** Runs one command to its end, in a process group of its own, and measures it. */
export const runProcess = async (command: readonly string[], options: RunOptions): Promise<Outcome> => {
  const { words, variables, isInside } = options.sandbox.launch(command, options.folders);
  const [program = '', ...args] = words;
  const startedMs = performance.now();
  const done = new AbortController();
  let child: ChildProcess;
  try {
    child = spawn(program, args, {
      cwd: options.folders.work,
      env: { ...options.environment, ...variables },
      stdio: ['ignore', 'pipe', 'pipe', isInside ? 'pipe' : 'ignore'],
      detached: true,
    });
  } catch (error) {
    // Some reasons are thrown, others are events: here a command that is too long for the system, or has a null byte.
    return {
      code: undefined,
      signal: undefined,
      error: error instanceof Error ? error.message : String(error),
      usage: { seconds: 0 },
    };
  }
  const { pid } = child;
  const [stdout, stderr] = [readableOf(child, 1), readableOf(child, 2)];
  const status = text(readableOf(child, STATUS_FD)).catch(() => '');
  stdout.pipe(options.stdout, { end: false });
  stderr.pipe(options.stderr, { end: false });
  const ended = new Promise<Omit<Outcome, 'usage'>>((settle) => {
    child.once('error', (error) => {
      settle({ code: undefined, signal: undefined, error: error.message });
    });
    child.once('exit', (code, signal) => {
      settle({ code: code ?? undefined, signal: signal ?? undefined, error: undefined });
    });
  });
  const watched = pid === undefined ? Promise.resolve({ seconds: 0 }) : watchUsage(pid, done.signal);
  let killer: NodeJS.Timeout | undefined;
  if (pid !== undefined) {
    const kill = (): void => killGroup(pid, 'SIGKILL');
    const interrupt = (): void => {
      // A sandbox would end at once, and kill what is in it.
      const group = isInside ? groupInside(pid) : Promise.resolve(pid);
      void group.then((id) => killGroup(id ?? pid, 'SIGTERM'));
      killer = setTimeout(kill, options.killAfterMs ?? KILL_AFTER_MS);
    };
    onAbort(options.end.halted, kill, done.signal);
    onAbort(options.end.interrupted, interrupt, done.signal);
  }
  const result = await ended;
  clearTimeout(killer);
  done.abort();
  const seconds = (performance.now() - startedMs) / 1000;
  if (pid !== undefined) killGroup(pid, 'SIGKILL');
  await drain([stdout, stderr]);
  const usage = { ...(await watched), seconds };
  const hasRun = !isInside || result.code === undefined || (await status).includes(HAS_RUN);
  const error = hasRun ? result.error : 'the sandbox could not be made';
  return { ...result, error, usage };
};
