import { randomUUID } from 'node:crypto';
import type { Ledger } from '#ledger/ledger.js';
import { openLedger } from '#ledger/open-ledger.js';
import { ref, streamName } from '#ledger/ref.js';
import { someEvent } from '#ledger/testing/new-events.js';
import type { JobFile, JobsCreated } from '#contracts/panda/events.js';
import { Embedded } from '../embedded.js';
import { askPanda, PANDA_VARIABLES } from '../panda-api.js';
import { median, atLeast, figure, type Row } from '../table.js';
import { spread } from '../rounds.js';
import type { Settings } from '../settings.js';
import { generate, type LoadResult } from '../wrk.js';
import { compare, type HttpYardstick, startHello } from '../yardstick.js';

const PILOTS = 32;
const QUEUES = 200;
const SMALL = 10_000;
const LARGE = 1_000_000;
const JOBS_PER_EVENT = 250;
/** Short rounds, so that ten thousand jobs do not run out. */
const ROUND_SECONDS = 2;
/** Of ten thousand jobs, each queue must have more than an acquisition takes. */
const SMALL_QUEUES_OF_HUNDRED = 50;
const READY_SECONDS = 600;

const CYCLE_RATIO = 0.025;
const HUNDRED_RATIO = 0.05;
const HEARTBEAT_RATIO = 0.1;
/** Rounds differ by that much on one machine. */
const PACE_SHARE_MIN = 0.9;
const BULK = 1_000;
const BULK_SECONDS = 1;
const TASK_JOBS = 100_000;
const TASK_SECONDS = 20;
const STATISTICS_MS = 5;
const POLL_MS = 100;

const outputOf = (id: number, type: 'output' | 'log', row: number): JobFile => ({
  ...{ row_ID: row, type, lfn: `user.bench.${id}.${type}`, status: 'unknown', dataset: `user.bench.${type}/` },
  ...{ destinationDBlock: `user.bench.${type}`, scope: 'user.bench', destinationSE: 'SITE' },
});

const jobsCreated = (home: string, first: number, range: readonly [number, number], site: string): JobsCreated => ({
  units: [range],
  workload_id: home,
  ...{ kind: 'run', status: 'activated', site, label: 'user', priority: 1_000 },
  requirements: JSON.stringify({
    ...{ ram: 2_000, disk: 500, cores: 1, resource_type: 'SCORE', share: 'User Analysis' },
    ...{ processing_type: 'panda-client', user: 'Bench User' },
  }),
  common: {
    ...{ attemptNr: 1, maxAttempt: 1, prodUserName: 'Bench User', prodUserID: '/CN=Bench User', minRamCount: 2_000 },
    ...{ gshare: 'User Analysis', resource_type: 'SCORE', processingType: 'panda-client', maxDiskCount: 500 },
    ...{ jobParameters: '-j "" -p "bash run.sh"', transformation: 'https://host/trf/user/runGen-00-00-02' },
  },
  jobs: Array.from({ length: range[1] - range[0] + 1 }, (_, at) => {
    const id = first + range[0] + at;
    const files = [outputOf(id, 'output', 2 * id), outputOf(id, 'log', 2 * id + 1)];
    return { panda_id: id, set: { jobName: `bench.${id}` }, files, takes: [] };
  }),
});

/** A number of jobs that are submitted together to each queue in turn. */
interface Supply {
  readonly count: number;
  readonly queues: number;
  readonly perSubmission: number;
}

/** Records jobs as submissions would, but many at a time. */
const addJobs = async (ledger: Ledger, firstId: number, { count, queues, perSubmission }: Supply): Promise<void> => {
  for (let added = 0; added < count; added += perSubmission) {
    const first = firstId + added;
    const home = `jobs-${first}`;
    const site = `SITE_${(added / perSubmission) % queues}`;
    const events = [];
    for (let ordinal = 0; ordinal < perSubmission; ordinal += JOBS_PER_EVENT) {
      const last = Math.min(ordinal + JOBS_PER_EVENT, perSubmission) - 1;
      const event = someEvent(jobsCreated(home, first, [ordinal, last], site), randomUUID());
      events.push({ ...event, type: 'JobsCreated', metadata: { ...event.metadata, dialect: 'panda' } });
    }
    await ledger.append(streamName('work', ref('panda', 'main', home)), -1, events);
  }
};

interface CycleOptions {
  readonly atOnce: number;
  readonly queues?: number;
  readonly prepare?: () => Promise<void>;
}

const cycle = (cairn: Embedded, hello: HttpYardstick, { atOnce, queues = QUEUES, prepare }: CycleOptions) =>
  compare({
    yardstick: hello,
    load: {
      ...{ url: cairn.url, script: 'panda.lua', args: ['cycle', String(queues), String(atOnce)] },
      ...{ connections: PILOTS, seconds: ROUND_SECONDS },
    },
    rateOf: ({ countedPerSecond }: LoadResult) => countedPerSecond,
    ...(prepare !== undefined && { prepare }),
  });

type Cycles = Awaited<ReturnType<typeof cycle>>;

const cycleRow = (atOnce: number, ratio: number, small: Cycles, large: Cycles): Row => {
  const share = large.ratio / small.ratio;
  const reach = atLeast(large.ratio, ratio, 'hello');
  return {
    what: `PanDA: acquire ${atOnce}, run, finish, ${PILOTS} pilots, 1,000,000 activated in ${QUEUES} queues`,
    figure: `${figure(large.ours.perSecond, 'jobs/s')}, rounds ${spread(large.ratios)}, ${Math.round(share * 100)} % of the pace with 10,000`,
    ...large,
    ...reach,
    reach: `${reach.reach}, no slower than with 10,000`,
    isMet: reach.isMet && share >= PACE_SHARE_MIN,
  };
};

/** Jobs of the last submission run from now on. */
const start = async (cairn: Embedded, last: number): Promise<readonly [first: number, last: number]> => {
  const first = last - BULK + 1;
  const reports = Array.from({ length: BULK }, (_, at) => ({ job_id: first + at, job_status: 'running' }));
  await askPanda(cairn, 'pilot/update_jobs_bulk', { job_list: reports });
  return [first, last];
};

const heartbeatRow = async (cairn: Embedded, hello: HttpYardstick, range: readonly [number, number]): Promise<Row> => {
  const result = await compare({
    yardstick: hello,
    load: {
      ...{ url: cairn.url, script: 'panda.lua', args: ['heartbeat', ...range.map(String)] },
      ...{ connections: PILOTS, seconds: ROUND_SECONDS },
    },
  });
  return {
    what: `PanDA: heartbeats of running jobs, ${PILOTS} pilots`,
    figure: `${figure(result.ours.perSecond, 'reports/s')}, rounds ${spread(result.ratios)}`,
    ...result,
    ...atLeast(result.ratio, HEARTBEAT_RATIO, 'hello'),
  };
};

const bulkRow = async (cairn: Embedded, [first]: readonly [number, number]): Promise<Row> => {
  const times: number[] = [];
  for (let round = 0; round < 3; round += 1) {
    const job_list = Array.from({ length: BULK }, (_, at) => ({
      ...{ job_id: first + at, job_status: 'running', max_rss: 1_000 * round + at },
    }));
    const startMs = performance.now();
    await askPanda(cairn, 'pilot/update_jobs_bulk', { job_list });
    times.push((performance.now() - startMs) / 1_000);
  }
  const seconds = median(times);
  return {
    what: `PanDA: update_jobs_bulk of ${BULK} jobs`,
    figure: figure(seconds * 1_000, 'ms'),
    reach: `under ${BULK_SECONDS} s`,
    isMet: seconds < BULK_SECONDS,
  };
};

const statisticsRow = async (cairn: Embedded): Promise<Row> => {
  const path = '/api/v1/statistics/active_job_stats_by_site';
  const { p50Ms } = await generate({
    ...{ url: cairn.url, script: 'panda.lua', args: ['get', path], connections: 1, seconds: ROUND_SECONDS },
  });
  return {
    what: 'PanDA: statistics of 1,000,000 jobs by site',
    figure: figure(p50Ms, 'ms'),
    reach: `under ${STATISTICS_MS} ms`,
    isMet: p50Ms < STATISTICS_MS,
  };
};

/** Activated jobs, by site. */
const activated = async (cairn: Embedded): Promise<Readonly<Record<string, number>>> => {
  const { data } = (await askPanda(cairn, 'statistics/active_job_stats_by_site')) as {
    readonly data: Readonly<Record<string, Readonly<Record<string, number>>>>;
  };
  return Object.fromEntries(Object.entries(data).map(([site, counts]) => [site, counts['activated'] ?? 0]));
};

const sumOf = (counts: Readonly<Record<string, number>>): number =>
  Object.values(counts).reduce((sum, count) => sum + count, 0);

/** After a start the tables are made: meanwhile Cairn may refuse to answer. */
const untilActivated = async (cairn: Embedded, count: number): Promise<void> => {
  const untilMs = performance.now() + READY_SECONDS * 1_000;
  while (sumOf(await activated(cairn).catch(() => ({}))) < count) {
    if (performance.now() > untilMs) throw new Error(`${count} jobs are not there after ${READY_SECONDS} s`);
    await new Promise((wait) => setTimeout(wait, POLL_MS));
  }
};

const taskRow = async (cairn: Embedded): Promise<Row> => {
  const name = `user.bench.${randomUUID()}`;
  const template = (param_type: string, value: string) => ({
    ...{ type: 'template', param_type, token: 'local', dataset: `${name}.${param_type}/`, value },
    container: `${name}.${param_type}/`,
  });
  const task_parameters = {
    ...{ taskName: name, vo: 'wlcg', prodSourceLabel: 'user', processingType: 'panda-client', architecture: '' },
    ...{ transUses: '', transHome: '', transPath: 'https://host/trf/user/runGen-00-00-02', noInput: true },
    ...{ nEvents: TASK_JOBS, nEventsPerJob: 1, nFiles: TASK_JOBS, nFilesPerJob: 1, skipScout: true },
    log: template('log', `${name}.$JEDITASKID.\${SN}.log.tgz`),
    jobParameters: [{ type: 'constant', value: '-p "bash run.sh"' }, template('output', `${name}.\${SN/P}.out`)],
  };
  const startMs = performance.now();
  await askPanda(cairn, 'task/submit', { task_parameters });
  while (((await activated(cairn))['LOCAL'] ?? 0) < TASK_JOBS) {
    if (performance.now() - startMs > 5 * TASK_SECONDS * 1_000) break;
    await new Promise((wait) => setTimeout(wait, POLL_MS));
  }
  const seconds = (performance.now() - startMs) / 1_000;
  return {
    what: 'PanDA: task of 100,000 jobs, from its submission until they are activated',
    figure: figure(seconds, 's'),
    reach: `under ${TASK_SECONDS} s`,
    isMet: seconds < TASK_SECONDS,
  };
};

/** Measures with a Cairn that begins with some jobs. They are in its ledger before it starts, because it makes its tables fastest then. */
const withJobs = async <Result>(
  environment: Settings['environment'],
  supply: Supply,
  measure: (cairn: Embedded, ledger: Ledger) => Promise<Result>,
): Promise<Result> => {
  const cairn = new Embedded({ ...environment, ...PANDA_VARIABLES });
  try {
    const ledger = await openLedger({ dataDir: cairn.dataDir });
    try {
      await addJobs(ledger, 1, supply);
      await cairn.start();
      await untilActivated(cairn, supply.count);
      return await measure(cairn, ledger);
    } finally {
      await ledger.close();
    }
  } finally {
    await cairn.remove();
  }
};

/** Pilots among ten thousand jobs: before each round, those that have been taken are replaced. */
const amongFew = (
  environment: Settings['environment'],
  hello: HttpYardstick,
  { atOnce, queues }: Required<Pick<CycleOptions, 'atOnce' | 'queues'>>,
): Promise<Cycles> => {
  const supply = { count: SMALL, queues, perSubmission: SMALL / queues };
  return withJobs(environment, supply, (cairn, ledger) => {
    let next = SMALL + 1;
    const prepare = async (): Promise<void> => {
      const left = sumOf(await activated(cairn));
      if (left >= SMALL) return;
      await addJobs(ledger, next, supply);
      next += SMALL;
      // Acquisitions of the round before may still have been under way when the rest was counted.
      await untilActivated(cairn, left + SMALL - PILOTS * atOnce);
    };
    return cycle(cairn, hello, { atOnce, queues, prepare });
  });
};

/** What pilots do with a million jobs, and the large requests of PanDA. */
export const pandaJobs = async ({ seconds, environment }: Settings): Promise<readonly Row[]> => {
  const hello = await startHello(seconds);
  try {
    const one = await amongFew(environment, hello, { atOnce: 1, queues: QUEUES });
    const hundred = await amongFew(environment, hello, { atOnce: 100, queues: SMALL_QUEUES_OF_HUNDRED });
    return await withJobs(environment, { count: LARGE, queues: QUEUES, perSubmission: 500 }, async (cairn) => {
      const range = await start(cairn, LARGE);
      return [
        cycleRow(1, CYCLE_RATIO, one, await cycle(cairn, hello, { atOnce: 1 })),
        cycleRow(100, HUNDRED_RATIO, hundred, await cycle(cairn, hello, { atOnce: 100 })),
        await heartbeatRow(cairn, hello, range),
        await bulkRow(cairn, range),
        await statisticsRow(cairn),
        await taskRow(cairn),
      ];
    });
  } finally {
    await hello.stop();
  }
};
