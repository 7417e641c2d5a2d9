import { type Child, startScript } from '../../apps/cairn/src/demo/child.js';
import { cpuSeconds } from './process-usage.js';
import { alternate, warmUp } from './rounds.js';
import { median } from './table.js';
import { generate, type Load, type LoadResult } from './wrk.js';

/** Below this share of a core the machine was busy with something else. */
const CORE_SHARE_MIN = 0.85;
/** Connections with which the time of a request is measured. */
const CONNECTIONS = 32;
const WARM_UP_SECONDS = 2;

export interface Reading {
  /** Time of one request, or of the whole loop. */
  readonly seconds: number;
  /** Why the reading is void. */
  readonly void?: string;
}

/** Something fixed that is measured beside Cairn in the same run, because machines differ. */
export interface Yardstick {
  readonly name: 'hello' | 'echo' | 'rows' | 'start';
  measure(): Promise<Reading>;
}

const compiled = (name: string): string => `build/test/bench/${name}.js`;

interface Started {
  readonly child: Child;
  /** The first line of its output. */
  readonly line: string;
}

const start = async (name: string, args: readonly string[] = []): Promise<Started> => {
  let report: ((line: string) => void) | undefined;
  const first = new Promise<string>((settle) => (report = settle));
  const child = startScript(compiled(name), args, { onLine: (line) => report?.(line) });
  const line = await Promise.race([
    first,
    child.ended.then((code): never => {
      throw new Error(`${name} ended with code ${code}`);
    }),
  ]);
  return { child, line };
};

const urlIn = (line: string): string => /https?:\/\/\S+/.exec(line)?.[0] ?? '';

/** One route of a bare Nest. */
export class HttpYardstick implements Yardstick {
  private isWarm = false;

  constructor(
    readonly name: 'hello' | 'echo',
    readonly url: string,
    readonly path: string,
    readonly pid: number,
    /** Length of a round. */
    private readonly seconds: number,
    readonly stop: () => Promise<void>,
  ) {}

  /** @param connections in a round of the default length, after it was warmed up once */
  async measure(connections = CONNECTIONS): Promise<Reading> {
    if (!this.isWarm) await warmUp(async () => (await this.generate(connections, WARM_UP_SECONDS)).perSecond);
    this.isWarm = true;
    const before = cpuSeconds(this.pid);
    const beforeMs = performance.now();
    const { perSecond } = await this.generate(connections, this.seconds);
    const share = (cpuSeconds(this.pid) - before) / ((performance.now() - beforeMs) / 1000);
    // A yardstick that waits for a broker cannot use a whole core.
    const isBusy = this.name === 'hello' && share < CORE_SHARE_MIN;
    return {
      seconds: 1 / perSecond,
      ...(isBusy && { void: `hello used only ${Math.round(share * 100)} % of a core` }),
    };
  }

  private generate(connections: number, seconds: number): Promise<LoadResult> {
    return generate({ url: `${this.url}${this.path}`, script: 'get.lua', connections, seconds });
  }
}

/** @param seconds length of a round */
export const startHello = async (seconds = 5): Promise<HttpYardstick> => {
  const { child, line } = await start('hello');
  return new HttpYardstick('hello', urlIn(line), '/hello', child.process.pid ?? 0, seconds, async () => {
    await child.stop();
  });
};

/** @param seconds length of a round */
export const startEcho = async (natsUrl: string, seconds = 5): Promise<HttpYardstick> => {
  const service = await start('echo-service', [natsUrl]);
  const { child, line } = await start('echo', [natsUrl]);
  return new HttpYardstick('echo', urlIn(line), '/echo', child.process.pid ?? 0, seconds, async () => {
    await Promise.all([child.stop(), service.child.stop()]);
  });
};

/** 100,000 rows inserted into SQLite by a process of its own. */
export const ROWS: Yardstick = {
  name: 'rows',
  measure: async () => {
    const { child, line } = await start('insert-rows');
    await child.ended;
    return { seconds: Number(/inserted in (\S+) s/.exec(line)?.[1]) };
  },
};

/** From the command to the first answer of a bare Nest. */
export const START: Yardstick = {
  name: 'start',
  measure: async () => {
    const startMs = performance.now();
    const { child, line } = await start('hello');
    await fetch(`${urlIn(line)}/hello`);
    const seconds = (performance.now() - startMs) / 1000;
    await child.stop();
    return { seconds };
  },
};

const REFERENCE_HELLO_PER_SECOND = 60_000;

/** A limit of a latency that holds where hello answers 60,000 times a second; elsewhere it is in proportion. */
export const scaledMs = (limitMs: number, helloPerSecond: number): number =>
  (limitMs * REFERENCE_HELLO_PER_SECOND) / helloPerSecond;

export interface TimeComparison {
  /** Medians. */
  readonly seconds: number;
  readonly yardstickSeconds: number;
  /** How many times as long as the yardstick ours takes: the median of the ratios of neighbouring rounds. */
  readonly ratio: number;
  readonly void?: string;
}

const voidOf = (readings: readonly Reading[]): { readonly void?: string } => {
  const reasons = readings.flatMap((reading) => reading.void ?? []);
  const [reason] = reasons;
  // Most of the rounds must have been undisturbed.
  return reason === undefined || reasons.length * 2 < readings.length ? {} : { void: reason };
};

/** Three alternating rounds of a yardstick and of something that takes time. */
export const compareTimes = async (
  yardstick: Yardstick,
  measureSeconds: () => Promise<number>,
): Promise<TimeComparison> => {
  const { theirs, ours } = await alternate(() => yardstick.measure(), measureSeconds);
  return {
    seconds: median(ours),
    yardstickSeconds: median(theirs.map(({ seconds }) => seconds)),
    ratio: median(ours.map((seconds, round) => seconds / (theirs[round]?.seconds ?? NaN))),
    ...voidOf(theirs),
  };
};

export interface RateComparison {
  /** Medians. */
  readonly ours: { readonly perSecond: number; readonly p99Ms: number };
  readonly yardstickPerSecond: number;
  /** Which share of the yardstick's pace is ours: the median of the ratios of neighbouring rounds. */
  readonly ratio: number;
  /** The ratio of each round. */
  readonly ratios: readonly number[];
  readonly void?: string;
}

interface RateOptions {
  readonly yardstick: HttpYardstick;
  readonly load: Load;
  /** Runs before each of our rounds, and is not measured. */
  readonly prepare?: () => Promise<void>;
  /** What is compared; by default all answers. */
  readonly rateOf?: (result: LoadResult) => number;
}

/** Three alternating rounds of a yardstick and of a load, with the same connections, after both were warmed up. */
export const compare = async ({
  yardstick,
  load,
  prepare,
  rateOf = ({ perSecond }) => perSecond,
}: RateOptions): Promise<RateComparison> => {
  const round = async (seconds: number): Promise<LoadResult> => {
    await prepare?.();
    return generate({ ...load, seconds });
  };
  await warmUp(async () => rateOf(await round(Math.min(load.seconds, WARM_UP_SECONDS))));
  const { theirs, ours } = await alternate(
    () => yardstick.measure(load.connections),
    () => round(load.seconds),
  );
  const bad = ours.reduce((sum, { refused, broken }) => sum + refused + broken, 0);
  const ratios = ours.map((result, index) => rateOf(result) * (theirs[index]?.seconds ?? NaN));
  return {
    ours: { perSecond: median(ours.map(rateOf)), p99Ms: median(ours.map(({ p99Ms }) => p99Ms)) },
    yardstickPerSecond: 1 / median(theirs.map(({ seconds }) => seconds)),
    ratio: median(ratios),
    ratios,
    ...(bad > 0 ? { void: `${bad} requests failed` } : voidOf(theirs)),
  };
};
