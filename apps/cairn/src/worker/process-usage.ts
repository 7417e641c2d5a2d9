import { readdir, readFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import { statFields } from './process-stat.js';

/** Resources that a process and its descendants used. Memory and CPU are absent on systems without `/proc`. */
export interface Usage {
  readonly seconds: number;
  /** Peak. */
  readonly memoryBytes?: number;
  /** Cores kept busy on average. */
  readonly cpu?: number;
  readonly samples?: number;
  readonly averageMemoryBytes?: number;
  /** Cores kept busy in the busiest second. */
  readonly peakCpu?: number;
}

interface Sample {
  readonly memoryBytes: number;
  readonly cpuSeconds: number;
}

const SAMPLE_MS = 50;
/** Processor time is counted in hundredths of a second: over less than this, its share would be a guess. */
const WINDOW_MS = 1_000;
/** `/proc` counts processor time in hundredths of a second on every Linux that Node supports. */
const TICKS_PER_SECOND = 100;

export const childrenOf = async (pid: number): Promise<readonly number[]> => {
  const threads = await readdir(`/proc/${pid}/task`);
  const lists = await Promise.all(threads.map((thread) => readFile(`/proc/${pid}/task/${thread}/children`, 'utf8')));
  return lists.flatMap((list) => list.split(' ').filter(Boolean).map(Number));
};

/** Places in {@link statFields}. */
const GROUP = 2;
const OWN_AND_REAPED_TIME = [11, 15] as const;

/** Process group of a process. */
export const groupOf = async (pid: number): Promise<number> => Number((await statFields(pid))[GROUP]);

const sampleTree = async (pid: number): Promise<Sample> => {
  const [status, fields, children] = await Promise.all([
    readFile(`/proc/${pid}/status`, 'utf8'),
    statFields(pid),
    childrenOf(pid).catch((): readonly number[] => []),
  ]);
  const kilobytes = Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1] ?? 0);
  const ticks = fields.slice(...OWN_AND_REAPED_TIME).reduce((sum, field) => sum + Number(field), 0);
  const below = await Promise.all(children.map((child) => sampleTree(child).catch((): Sample => NOTHING)));
  return below.reduce(
    (sum, one) => ({ memoryBytes: sum.memoryBytes + one.memoryBytes, cpuSeconds: sum.cpuSeconds + one.cpuSeconds }),
    { memoryBytes: kilobytes * 1024, cpuSeconds: ticks / TICKS_PER_SECOND },
  );
};
const NOTHING: Sample = { memoryBytes: 0, cpuSeconds: 0 };

/** Samples a process and its descendants until `done`; resolves with what they have used. */
export const watchUsage = async (pid: number, done: AbortSignal): Promise<Usage> => {
  const startedMs = performance.now();
  let [samples, memoryBytes, memorySum, cpuSeconds, peakCpu] = [0, 0, 0, 0, 0];
  let window = { fromMs: startedMs, cpuSeconds: 0 };
  while (!done.aborted) {
    const now = await sampleTree(pid).catch(() => NOTHING);
    if (now.memoryBytes > 0) {
      samples += 1;
      memorySum += now.memoryBytes;
      memoryBytes = Math.max(memoryBytes, now.memoryBytes);
      cpuSeconds = Math.max(cpuSeconds, now.cpuSeconds);
    }
    const nowMs = performance.now();
    if (nowMs - window.fromMs >= WINDOW_MS) {
      peakCpu = Math.max(peakCpu, (cpuSeconds - window.cpuSeconds) / ((nowMs - window.fromMs) / 1000));
      window = { fromMs: nowMs, cpuSeconds };
    }
    await delay(SAMPLE_MS, undefined, { signal: done }).catch(() => undefined);
  }
  const seconds = (performance.now() - startedMs) / 1000;
  if (samples === 0) return { seconds };
  const cpu = Math.min(cpuSeconds / Math.max(seconds, SAMPLE_MS / 1000), availableParallelism());
  return {
    ...{ seconds, memoryBytes, cpu, samples, averageMemoryBytes: memorySum / samples },
    peakCpu: Math.min(Math.max(peakCpu, cpu), availableParallelism()),
  };
};
