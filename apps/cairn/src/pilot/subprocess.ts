import { spawn } from 'node:child_process';
import { open, readdir, readFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

/** What a process and its descendants used. Absent where the system does not say (no `/proc`). */
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

interface RunOptions {
  readonly folder: string;
  /** Appended to. */
  readonly stdoutFile: string;
  readonly stderrFile: string;
  /** Ends the process and its descendants. */
  readonly signal: AbortSignal;
}

const SAMPLE_MS = 50;
/** Time between the polite and the final signal. */
const KILL_AFTER_MS = 5_000;
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
  // Fields 14 to 17 of the man page: own time and that of children that were waited for; the name may hold blanks.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const ticks = fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0);
  const below = await Promise.all(children.map((child) => sampleTree(child).catch((): Sample => NOTHING)));
  return below.reduce(
    (sum, one) => ({ memoryBytes: sum.memoryBytes + one.memoryBytes, cpuSeconds: sum.cpuSeconds + one.cpuSeconds }),
    { memoryBytes: kilobytes * 1024, cpuSeconds: ticks / TICKS_PER_SECOND },
  );
};
const NOTHING: Sample = { memoryBytes: 0, cpuSeconds: 0 };

/** Watches until `done`; the answers are the largest that were seen. */
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

/** Runs one command to its end, in a process group of its own, and measures it. */
export const runProcess = async (command: readonly string[], options: RunOptions): Promise<Outcome> => {
  const [program = '', ...args] = command;
  const stdout = await open(options.stdoutFile, 'a');
  const stderr = await open(options.stderrFile, 'a');
  const startedMs = performance.now();
  const done = new AbortController();
  try {
    const child = spawn(program, args, {
      cwd: options.folder,
      stdio: ['ignore', stdout.fd, stderr.fd],
      detached: true,
    });
    const { pid } = child;
    const watched = pid === undefined ? Promise.resolve(NOTHING) : watch(pid, done.signal);
    let killer: NodeJS.Timeout | undefined;
    const end = (): void => {
      if (pid === undefined) return;
      killGroup(pid, 'SIGTERM');
      killer = setTimeout(() => {
        killGroup(pid, 'SIGKILL');
      }, KILL_AFTER_MS);
    };
    if (options.signal.aborted) end();
    options.signal.addEventListener('abort', end, { once: true });
    const result = await new Promise<Omit<Outcome, 'usage'>>((settle) => {
      child.once('error', (error) => {
        settle({ code: undefined, signal: undefined, error: error.message });
      });
      child.once('close', (code, signal) => {
        settle({ code: code ?? undefined, signal: signal ?? undefined, error: undefined });
      });
    });
    options.signal.removeEventListener('abort', end);
    clearTimeout(killer);
    done.abort();
    const seconds = (performance.now() - startedMs) / 1000;
    const most = await watched;
    const measured =
      most.memoryBytes === 0
        ? {}
        : {
            memoryBytes: most.memoryBytes,
            cpu: Math.min(most.cpuSeconds / Math.max(seconds, SAMPLE_MS / 1000), availableParallelism()),
          };
    return { ...result, usage: { seconds, ...measured } };
  } finally {
    done.abort();
    await Promise.all([stdout.close(), stderr.close()]);
  }
};

/** Last lines of a file, for people. */
export const tail = async (folder: string, file: string, charactersMax: number): Promise<string> => {
  const text = await readFile(join(folder, file), 'utf8').catch(() => '');
  return text.trimEnd().slice(-charactersMax);
};
