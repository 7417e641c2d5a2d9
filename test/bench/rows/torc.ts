import { randomUUID } from 'node:crypto';
import { openLedger } from '#ledger/open-ledger.js';
import { streamName, ref } from '#ledger/ref.js';
import { someEvent } from '#ledger/testing/new-events.js';
import { Embedded } from '../embedded.js';
import type { Settings } from '../settings.js';
import { numberIn, textIn } from '../../harness/json-fields.js';
import { spread, warmUp } from '../rounds.js';
import { atLeast, figure, median, type Row } from '../table.js';
import { generate, type LoadResult } from '../wrk.js';
import { compare, compareTimes, type HttpYardstick, ROWS, startHello } from '../yardstick.js';

const RUNNERS = 32;
const SMALL = 10_000;
const LARGE = 100_000;
/** Short rounds, so that ten thousand jobs do not run out. */
const ROUND_SECONDS = 2;

const ONE_RATIO = 0.03;
const HUNDRED_RATIO = 0.06;
/** Rounds differ by that much on one machine. */
const PACE_SHARE_MIN = 0.9;
/** A specification of 100,000 jobs with files, and its initialization. */
const SPECIFICATION_SECONDS = 12;
const UNBLOCK_SECONDS = 1;
const RESULTS = 1_000_000;
const RESULTS_PER_EVENT = 1_000;
const PAGE = 100;
const PAGES = 50;
/** A page deep in a list may take this many times as long as the first. */
const DEEP_RATIO = 1.5;

interface Job {
  readonly name: string;
  readonly command: string;
  readonly blocked_by?: readonly string[];
  readonly input_files?: readonly string[];
  readonly output_files?: readonly string[];
}

interface Workflow {
  readonly path: string;
  /** Key of a compute node. */
  readonly node: string;
  /** Makes all jobs ready or blocked, as at a start. */
  readonly prepare: () => Promise<void>;
}

const independent = (count: number): readonly Job[] =>
  Array.from({ length: count }, (_, at) => ({ name: `job-${at}`, command: `bash run.sh ${at}` }));

/** Chains of diamonds: one job, two behind it, and one behind both, from which the next diamond starts. */
const diamonds = (count: number, chains: number): readonly Job[] =>
  Array.from({ length: count / 4 }, (_, at): readonly Job[] => {
    const before = at < chains ? {} : { blocked_by: [`${at - chains}d`] };
    return [
      { name: `${at}a`, command: 'bash run.sh', ...before },
      { name: `${at}b`, command: 'bash run.sh', blocked_by: [`${at}a`] },
      { name: `${at}c`, command: 'bash run.sh', blocked_by: [`${at}a`] },
      { name: `${at}d`, command: 'bash run.sh', blocked_by: [`${at}b`, `${at}c`] },
    ];
  }).flat();

const WORKER = {
  ...{ hostname: 'bench', pid: 1, start_time: '2026-03-01 09:15:00.123456', is_active: true, scheduler: {} },
  resources: { num_cpus: 36, memory_gb: 92, num_gpus: 0, num_nodes: 1 },
};

const createWorkflow = async (cairn: Embedded, specification: object): Promise<string> =>
  `/workflows/${textIn(await cairn.ask('POST', '/workflow_specifications', { user: 'bench', ...specification }), '_key')}`;

/** A workflow with these jobs, that a worker has joined. */
const workflowOf = async (cairn: Embedded, jobs: readonly Job[]): Promise<Workflow> => {
  const path = await createWorkflow(cairn, { jobs });
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
  const result = await compare({
    yardstick: hello,
    load: {
      ...{ url: cairn.url, script: 'torc.lua', args: [path, node, String(atOnce)] },
      ...{ connections: RUNNERS, seconds: ROUND_SECONDS },
    },
    prepare,
    rateOf: ({ countedPerSecond }: LoadResult) => countedPerSecond,
  });
  await cairn.ask('DELETE', path);
  return result;
};

const claimRows = async (cairn: Embedded, hello: HttpYardstick): Promise<readonly Row[]> => {
  const rows: Row[] = [];
  for (const [atOnce, ratio] of [
    [1, ONE_RATIO],
    [100, HUNDRED_RATIO],
  ] as const) {
    const small = await pace(cairn, hello, independent(SMALL), atOnce);
    const large = await pace(cairn, hello, independent(LARGE), atOnce);
    const share = large.ratio / small.ratio;
    const reach = atLeast(large.ratio, ratio, 'hello');
    rows.push({
      what: `Torc: claim of ${atOnce}, start, complete, ${RUNNERS} runners, 100,000 ready`,
      figure: `${figure(large.ours.perSecond, 'jobs/s')}, rounds ${spread(large.ratios)}, ${Math.round(share * 100)} % of the pace with 10,000 ready`,
      ...large,
      ...reach,
      reach: `${reach.reach}, no slower than with 10,000`,
      isMet: reach.isMet && share >= PACE_SHARE_MIN,
    });
    if (atOnce !== 1) continue;
    const chained = await pace(cairn, hello, diamonds(SMALL, 4 * RUNNERS), atOnce);
    const ofIndependent = chained.ratio / small.ratio;
    rows.push({
      what: `Torc: chains of diamonds, 10,000 jobs, ${RUNNERS} runners`,
      figure: `${figure(chained.ours.perSecond, 'jobs/s')}, ${Math.round(ofIndependent * 100)} % of the pace of independent jobs`,
      ...chained,
      reach: 'as fast as independent jobs',
      isMet: ofIndependent >= PACE_SHARE_MIN,
    });
  }
  return rows;
};

/** Each job writes a file; three of four read the file of the fourth. */
const withFiles = (count: number): object => ({
  files: Array.from({ length: count }, (_, at) => ({ name: `out-${at}`, path: `out/${at}.json` })),
  jobs: Array.from({ length: count }, (_, at): Job => ({
    ...{ name: `job-${at}`, command: `bash run.sh ${at}`, output_files: [`out-${at}`] },
    ...(at % 4 !== 0 && { input_files: [`out-${at - (at % 4)}`] }),
  })),
});

const specificationRow = async (cairn: Embedded): Promise<Row> => {
  const { seconds, ratio, yardstickSeconds } = await compareTimes(ROWS, async () => {
    const specification = withFiles(LARGE);
    const startMs = performance.now();
    const path = await createWorkflow(cairn, specification);
    await cairn.ask('POST', `${path}/initialize_jobs`);
    const took = (performance.now() - startMs) / 1000;
    await cairn.ask('DELETE', path);
    return took;
  });
  return {
    what: 'Torc: specification of 100,000 jobs with files, created and initialized',
    figure: `${figure(seconds, 's')}, rows in ${figure(yardstickSeconds, 's')}`,
    ratio,
    reach: `under ${SPECIFICATION_SECONDS} s`,
    isMet: seconds < SPECIFICATION_SECONDS,
  };
};

const unblockRow = async (cairn: Embedded): Promise<Row> => {
  const jobs: Job[] = [{ name: 'first', command: 'bash run.sh' }];
  for (const job of independent(SMALL)) jobs.push({ ...job, blocked_by: ['first'] });
  const { path, node, prepare } = await workflowOf(cairn, jobs);
  const times: number[] = [];
  for (let round = 0; round < 3; round += 1) {
    await prepare();
    const [job = {}] = (
      (await cairn.ask('POST', `${path}/prepare_next_jobs_for_submission`)) as { readonly jobs: readonly object[] }
    ).jobs;
    const key = textIn(job, '_key');
    const started = await cairn.ask('PUT', `${path}/jobs/${key}/start_job/${textIn(job, '_rev')}/1/${node}`);
    const result = {
      ...{ job_key: key, run_id: 1, return_code: 0, exec_time_minutes: 1, completion_time: 'now', status: 'done' },
    };
    const startMs = performance.now();
    await cairn.ask('POST', `${path}/jobs/${key}/complete_job/done/${textIn(started, '_rev')}/1/${node}`, result);
    times.push((performance.now() - startMs) / 1000);
  }
  await cairn.ask('DELETE', path);
  const seconds = median(times);
  return {
    what: 'Torc: completion that unblocks 10,000 jobs',
    figure: figure(seconds * 1000, 'ms'),
    reach: `under ${UNBLOCK_SECONDS} s`,
    isMet: seconds < UNBLOCK_SECONDS,
  };
};

/** Records results as completions would, but many at a time. */
const addResults = async (cairn: Embedded, workflow: string): Promise<void> => {
  await cairn.stop();
  const ledger = await openLedger({ dataDir: cairn.dataDir });
  const stream = streamName('work', ref('torc', 'main', workflow));
  const [last] = await ledger.readStream(stream, { direction: 'backwards', limit: 1 });
  let revision = last?.revision ?? 0;
  const documents = Array.from({ length: RESULTS_PER_EVENT }, (_, at) =>
    JSON.stringify({
      ...{ job_key: String(at % 100), run_id: 1, return_code: 0, exec_time_minutes: 0.5 },
      ...{ completion_time: '2026-03-01T09:27:31.004512', status: 'done' },
    }),
  );
  for (let first = 1_000; first < 1_000 + RESULTS; first += RESULTS_PER_EVENT) {
    const ordinals = [[first, first + RESULTS_PER_EVENT - 1]];
    const event = {
      ...someEvent({ collection: 'results', ordinals, documents }, randomUUID()),
      type: 'DocumentsStored',
    };
    const appended = await ledger.append(stream, revision, [
      { ...event, metadata: { ...event.metadata, dialect: 'torc' } },
    ]);
    ({ revision } = appended);
  }
  await ledger.close();
  await cairn.start();
};

const pagesRow = async (cairn: Embedded): Promise<Row> => {
  const path = await createWorkflow(cairn, { jobs: independent(1) });
  await addResults(cairn, path.slice('/workflows/'.length));
  const total = numberIn(await cairn.ask('GET', `${path}/results?limit=0`), 'total_count');
  const p50 = async (skip: number): Promise<number> => {
    const url = `${cairn.url}${path}/results?limit=${PAGE}&skip=${skip}`;
    return (await generate({ url, script: 'get.lua', connections: 1, seconds: ROUND_SECONDS })).p50Ms;
  };
  const [first, deep]: [number[], number[]] = [[], []];
  await warmUp(async () => 1 / ((await p50(0)) + (await p50(RESULTS - PAGES * PAGE))));
  for (let round = 0; round < 3; round += 1) {
    first.push(await p50(round * PAGE));
    deep.push(await p50(RESULTS - (PAGES + round) * PAGE));
  }
  const ratio = median(deep) / median(first);
  return {
    what: 'Torc: page of 100 deep into 1,000,000 results',
    figure: `${figure(median(deep), 'ms')}, the first ${figure(median(first), 'ms')}`,
    ratio,
    reach: `at most ${DEEP_RATIO} x the first page`,
    isMet: ratio <= DEEP_RATIO,
    ...(total === RESULTS ? {} : { void: `the list has ${total} results` }),
  };
};

/** What runners do with workflows of Torc, and its large requests. */
export const torcWorkflows = async ({ seconds, environment }: Settings): Promise<readonly Row[]> => {
  const hello = await startHello(seconds);
  const cairn = new Embedded(environment);
  try {
    await cairn.start();
    return [
      ...(await claimRows(cairn, hello)),
      await specificationRow(cairn),
      await unblockRow(cairn),
      await pagesRow(cairn),
    ];
  } finally {
    await cairn.remove();
    await hello.stop();
  }
};
