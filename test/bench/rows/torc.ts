import { Embedded } from '../embedded.js';
import type { Settings } from '../settings.js';
import { textIn } from '../../harness/json-fields.js';
import { spread } from '../rounds.js';
import { atLeast, figure, type Row } from '../table.js';
import type { LoadResult } from '../wrk.js';
import { compare, type HttpYardstick, startHello } from '../yardstick.js';

const RUNNERS = 32;
const SMALL = 10_000;
const LARGE = 100_000;
/** Short rounds, so that ten thousand jobs do not run out. */
const ROUND_SECONDS = 2;

const ONE_RATIO = 0.03;
const HUNDRED_RATIO = 0.06;
/** Rounds differ by that much on one machine. */
const PACE_SHARE_MIN = 0.9;

interface Workflow {
  readonly path: string;
  readonly node: string;
  /** Makes all jobs ready again. */
  readonly prepare: () => Promise<void>;
}

interface Job {
  readonly name: string;
  readonly command: string;
  readonly blocked_by?: readonly string[];
}

const independent = (count: number): readonly Job[] =>
  Array.from({ length: count }, (_, at) => ({ name: `job-${at}`, command: `bash run.sh ${at}` }));

const WORKER = {
  ...{ hostname: 'bench', pid: 1, start_time: '2026-03-01 09:15:00.123456', is_active: true, scheduler: {} },
  resources: { num_cpus: 36, memory_gb: 92, num_gpus: 0, num_nodes: 1 },
};

/** A workflow with these jobs, that a worker has joined. */
const workflowOf = async (cairn: Embedded, jobs: readonly Job[]): Promise<Workflow> => {
  const created = await cairn.ask('POST', '/workflow_specifications', { name: 'bench', user: 'bench', jobs });
  const path = `/workflows/${textIn(created, '_key')}`;
  const status = (await cairn.ask('GET', `${path}/status`)) as object;
  await cairn.ask('PUT', `${path}/status`, { ...status, run_id: 1 });
  const node = textIn(await cairn.ask('POST', `${path}/compute_nodes`, WORKER), '_key');
  const prepare = async (): Promise<void> => {
    await cairn.ask('POST', `${path}/reset_job_status`);
    await cairn.ask('POST', `${path}/initialize_jobs`);
  };
  return { path, node, prepare };
};

const pace = async (cairn: Embedded, hello: HttpYardstick, jobs: readonly Job[], atOnce: number) => {
  const { path, node, prepare } = await workflowOf(cairn, jobs);
  return compare({
    yardstick: hello,
    load: {
      ...{ url: cairn.url, script: 'torc.lua', args: [path, node, String(atOnce)] },
      ...{ connections: RUNNERS, seconds: ROUND_SECONDS },
    },
    prepare,
    rateOf: ({ countedPerSecond }: LoadResult) => countedPerSecond,
  });
};

const claimRows = async (cairn: Embedded, hello: HttpYardstick): Promise<readonly Row[]> => {
  const rows: Row[] = [];
  for (const [atOnce, ratio] of [
    [1, ONE_RATIO],
    [100, HUNDRED_RATIO],
  ] as const) {
    const small = await pace(cairn, hello, independent(SMALL), atOnce);
    const large = await pace(cairn, hello, independent(LARGE), atOnce);
    const reach = atLeast(large.ratio, ratio, 'hello');
    const share = large.ratio / small.ratio;
    rows.push({
      what: `Torc: claim of ${atOnce}, start, complete, ${RUNNERS} runners, ${figure(LARGE, 'ready')}`,
      figure: `${figure(large.ours.perSecond, 'jobs/s')}, rounds ${spread(large.ratios)}, ${Math.round(share * 100)} % of the pace with ${figure(SMALL, 'ready')}`,
      ...large,
      ...reach,
      reach: `${reach.reach}, no slower than with ${figure(SMALL, '')}`,
      isMet: reach.isMet && share >= PACE_SHARE_MIN,
    });
  }
  return rows;
};

/** What 32 runners do with workflows of Torc. */
export const torcWorkflows = async ({ seconds, environment }: Settings): Promise<readonly Row[]> => {
  const hello = await startHello(seconds);
  const cairn = new Embedded(environment);
  try {
    await cairn.start();
    return await claimRows(cairn, hello);
  } finally {
    await cairn.remove();
    await hello.stop();
  }
};
