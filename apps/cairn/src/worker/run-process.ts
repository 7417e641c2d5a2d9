import { spawn } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import type { Readable, Writable } from 'node:stream';
import { finished } from 'node:stream/promises';
import { setTimeout as delay } from 'node:timers/promises';

/** Resources that a process and its descendants used. Memory and CPU are absent on systems without `/proc`. */
export interface Usage {
  readonly seconds: number;
  readonly memoryBytes?: number;
  /** Cores kept busy on average. */
  readonly cpu?: number;
}

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
  readonly folder: string;
  readonly environment: Readonly<Record<string, string>>;
  /** Streams that stay open for the next process. */
  readonly stdout: Writable;
  readonly stderr: Writable;
  readonly end: EndSignals;
}

const SAMPLE_MS = 50;
/** Time between SIGTERM and SIGKILL. */
const KILL_AFTER_MS = 5_000;
/** Time to read what a process has written before its end. */
const DRAIN_MS = 2_000;
/** `/proc` counts processor time in hundredths of a second on every Linux that Node supports. */
const TICKS_PER_SECOND = 100;

interface Sample {
  readonly memoryBytes: number;
  readonly cpuSeconds: number;
}

const childrenOf = async (pid: number): Promise<readonly number[]> => {
  const threads = await readdir(`/proc/${pid}/task`);
  const lists = await Promise.all(threads.map((thread) => readFile(`/proc/${pid}/task/${thread}/children`, 'utf8')));
  return lists.flatMap((list) => list.split(' ').filter(Boolean).map(Number));
};

const sampleTree = async (pid: number): Promise<Sample> => {
  const [status, stat, children] = await Promise.all([
    readFile(`/proc/${pid}/status`, 'utf8'),
    readFile(`/proc/${pid}/stat`, 'utf8'),
    childrenOf(pid).catch((): readonly number[] => []),
  ]);
  const kilobytes = Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1] ?? 0);
  // Fields 14 to 17 of the man page: own time and that of reaped children. The process name may contain blanks.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const ticks = fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0);
  const below = await Promise.all(children.map((child) => sampleTree(child).catch((): Sample => NOTHING)));
  return below.reduce(
    (sum, one) => ({ memoryBytes: sum.memoryBytes + one.memoryBytes, cpuSeconds: sum.cpuSeconds + one.cpuSeconds }),
    { memoryBytes: kilobytes * 1024, cpuSeconds: ticks / TICKS_PER_SECOND },
  );
};
const NOTHING: Sample = { memoryBytes: 0, cpuSeconds: 0 };

/** Samples usage until `done`; resolves with the maxima. */
const watch = async (pid: number, done: AbortSignal): Promise<Sample> => {
  let most = NOTHING;
  while (!done.aborted) {
    const now = await sampleTree(pid).catch((): Sample => NOTHING);
    most = {
      memoryBytes: Math.max(most.memoryBytes, now.memoryBytes),
      cpuSeconds: Math.max(most.cpuSeconds, now.cpuSeconds),
    };
    await delay(SAMPLE_MS, undefined, { signal: done }).catch(() => undefined);
  }
  return most;
};

const killGroup = (pid: number, signal: NodeJS.Signals): void => {
  try {
    process.kill(-pid, signal);
  } catch {
    // The group is gone already.
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

/** Runs one command to its end, in a process group of its own, and measures it. */
export const runProcess = async (command: readonly string[], options: RunOptions): Promise<Outcome> => {
  const [program = '', ...args] = command;
  const startedMs = performance.now();
  const done = new AbortController();
  const child = spawn(program, args, {
    cwd: options.folder,
    env: options.environment,
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  const { pid, stdout, stderr } = child;
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
  const watched = pid === undefined ? Promise.resolve(NOTHING) : watch(pid, done.signal);
  let killer: NodeJS.Timeout | undefined;
  if (pid !== undefined) {
    const kill = (): void => killGroup(pid, 'SIGKILL');
    const interrupt = (): void => {
      killGroup(pid, 'SIGTERM');
      killer = setTimeout(kill, KILL_AFTER_MS);
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
  const most = await watched;
  const measured =
    most.memoryBytes === 0
      ? {}
      : {
          memoryBytes: most.memoryBytes,
          cpu: Math.min(most.cpuSeconds / Math.max(seconds, SAMPLE_MS / 1000), availableParallelism()),
        };
  return { ...result, usage: { seconds, ...measured } };
};
