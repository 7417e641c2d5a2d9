import { startScript, type Child } from '../../apps/cairn/src/demo/child.js';
import { cpuSeconds } from './process-usage.js';
import { median } from './table.js';
import { generate, type Load, type LoadResult } from './wrk.js';

const ROUNDS = 3;
/** Below this the machine was busy with something else. */
const CORE_SHARE_MIN = 0.85;

interface Yardstick {
  readonly url: string;
  readonly pid: number;
  readonly path: string;
  stop(): Promise<void>;
}

const compiled = (name: string): string => `dist/test/bench/${name}.js`;

/** Starts a script of the bench; resolves with the address that it prints. */
const started = async (
  name: string,
  args: readonly string[],
): Promise<{ readonly child: Child; readonly line: string }> => {
  let told: ((line: string) => void) | undefined;
  const first = new Promise<string>((settle) => (told = settle));
  const child = startScript(compiled(name), args, { onLine: (line) => told?.(line) });
  const line = await Promise.race([
    first,
    child.ended.then((code): never => {
      throw new Error(`${name} ended with code ${code}`);
    }),
  ]);
  return { child, line };
};

const urlIn = (line: string): string => /https?:\/\/\S+/.exec(line)?.[0] ?? '';

export const startHello = async (): Promise<Yardstick> => {
  const { child, line } = await started('hello', []);
  return {
    url: urlIn(line),
    path: '/hello',
    pid: child.process.pid ?? 0,
    stop: async () => {
      await child.stop();
    },
  };
};

export const startEcho = async (natsUrl: string): Promise<Yardstick> => {
  const service = await started('echo-service', [natsUrl]);
  const { child, line } = await started('echo', [natsUrl]);
  return {
    url: urlIn(line),
    path: '/echo',
    pid: child.process.pid ?? 0,
    stop: async () => {
      await Promise.all([child.stop(), service.child.stop()]);
    },
  };
};

interface Comparison {
  readonly ours: { readonly perSecond: number; readonly p99Ms: number };
  readonly yardstickPerSecond: number;
  readonly ratio: number;
  /** Set when the figures say nothing. */
  readonly void?: string;
}

interface CompareOptions {
  readonly yardstick: Yardstick;
  readonly load: Load;
  /** A yardstick of one process must fill a core; one that waits for a broker cannot. */
  readonly fillsCore: boolean;
  /** Before each of our rounds. */
  readonly prepare?: () => Promise<void>;
}

/** Three rounds of each, alternating, with the same connections; medians. */
export const compare = async ({ yardstick, load, fillsCore, prepare }: CompareOptions): Promise<Comparison> => {
  const theirs: number[] = [];
  const shares: number[] = [];
  const ours: LoadResult[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const before = cpuSeconds(yardstick.pid);
    const beforeMs = performance.now();
    const { perSecond } = await generate({
      ...load,
      url: `${yardstick.url}${yardstick.path}`,
      script: 'get.lua',
      args: ['-'],
    });
    theirs.push(perSecond);
    shares.push((cpuSeconds(yardstick.pid) - before) / ((performance.now() - beforeMs) / 1000));
    await prepare?.();
    ours.push(await generate(load));
  }
  const perSecond = median(ours.map((result) => result.perSecond));
  const bad = ours.reduce((sum, { refused, broken }) => sum + refused + broken, 0);
  const share = median(shares);
  const yardstickPerSecond = median(theirs);
  const reason =
    bad > 0
      ? `${bad} requests failed`
      : fillsCore && share < CORE_SHARE_MIN
        ? `hello used only ${Math.round(share * 100)} % of a core`
        : undefined;
  return {
    ours: { perSecond, p99Ms: median(ours.map(({ p99Ms }) => p99Ms)) },
    yardstickPerSecond,
    ratio: perSecond / yardstickPerSecond,
    ...(reason === undefined ? {} : { void: reason }),
  };
};
