import { Embedded } from '../embedded.js';
import { textIn } from '../../harness/json-fields.js';
import type { Settings } from '../settings.js';
import { addDataset, addUnits, classes, taskIds } from '../subject.js';
import { figure, percentile, type Row } from '../table.js';
import { type Reading, scaledMs, startHello } from '../yardstick.js';

const UNITS = 10_000;
const CLAIMS = 40;
const UNITS_PER_CLAIM = 50;
const PATCHES = 2_000;
const LISTS = 20;
const COUNTS = 1_000;
const CONNECTIONS = 16;

/** Clients of IceProd expect every simple call well within a second. Limits where hello has 60,000/s. */
const P99_MS = 50;
const LIST_P99_MS = 1_000;

interface Measured {
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

/** Makes all calls, each once, over a few connections. */
const measure = async (
  inputs: readonly string[],
  call: (input: string) => Promise<unknown>,
  connections = CONNECTIONS,
): Promise<Measured> => {
  const latencies: number[] = [];
  const queue = inputs.values();
  const startMs = performance.now();
  const worker = async (): Promise<void> => {
    for (const input of queue) {
      const sentMs = performance.now();
      await call(input);
      latencies.push(performance.now() - sentMs);
    }
  };
  await Promise.all(Array.from({ length: connections }, worker));
  const tookS = (performance.now() - startMs) / 1000;
  return { perSecond: inputs.length / tookS, p50Ms: percentile(latencies, 0.5), p99Ms: percentile(latencies, 0.99) };
};

const rowOf = (what: string, { perSecond, p50Ms, p99Ms }: Measured, hello: Reading, limitMs = P99_MS): Row => {
  const reachMs = scaledMs(limitMs, 1 / hello.seconds);
  return {
    what,
    figure: `${figure(perSecond, '/s')}, p50 ${p50Ms.toFixed(1)} ms, p99 ${p99Ms.toFixed(1)} ms`,
    ratio: 1 / perSecond / hello.seconds,
    reach: `p99 under ${figure(reachMs, 'ms')}`,
    isMet: p99Ms < reachMs,
    ...(hello.void === undefined ? {} : { void: hello.void }),
  };
};

const repeated = (times: number): readonly string[] => Array.from({ length: times }, (_, index) => String(index));

/** The calls that dominate an IceProd in production, as its grid processes and pages make them. */
export const iceprodCalls = async ({ environment, seconds }: Settings): Promise<readonly Row[]> => {
  const hello = await startHello(seconds);
  const cairn = new Embedded({ ...environment, CAIRN_AUTOMATION: 'off' });
  try {
    await cairn.start();
    const dataset = await addDataset(cairn, 'calls of IceProd');
    await addUnits(cairn, dataset, classes(10, 'waiting'), UNITS);
    const { ids } = await taskIds(cairn, dataset);

    // Warms up.
    await measure(ids.slice(-PATCHES), (id) => cairn.ask('PATCH', `/tasks/${id}`, { priority: 0.6 }));

    const claimed = new Map<string, string>();
    const claim = { num: UNITS_PER_CLAIM, requirements: {}, query_params: { dataset_id: dataset } };
    const claims = await measure(
      repeated(CLAIMS),
      async () => {
        const tasks = (await cairn.ask('POST', '/task_actions/queue_many', claim)) as readonly unknown[];
        for (const task of tasks) claimed.set(textIn(task, 'task_id'), textIn(task, 'instance_id'));
      },
      1,
    );
    const report = (action: string, more: object) => (id: string) =>
      cairn.ask('POST', `/tasks/${id}/task_actions/${action}`, { instance_id: claimed.get(id), ...more });
    const claimedIds = [...claimed.keys()];
    const processing = await measure(claimedIds, report('processing', { site: 'UW' }));
    const complete = await measure(claimedIds, report('complete', { time_used: 3600, site: 'UW' }));
    const untouched = ids.filter((id) => !claimed.has(id)).slice(0, PATCHES);
    const patch = await measure(untouched, (id) => cairn.ask('PATCH', `/tasks/${id}`, { priority: 0.7 }));
    const list = await measure(
      repeated(LISTS),
      () => cairn.ask('GET', `/datasets/${dataset}/tasks?keys=task_id|status|job_index`),
      1,
    );
    const counts = await measure(repeated(COUNTS), () => cairn.ask('GET', `/datasets/${dataset}/task_counts/status`));
    const beside = await hello.measure();
    return [
      rowOf(`IceProd queue_many, ${String(UNITS_PER_CLAIM)} tasks a call`, claims, beside),
      rowOf(`IceProd processing, ${String(CONNECTIONS)} connections`, processing, beside),
      rowOf(`IceProd complete, ${String(CONNECTIONS)} connections`, complete, beside),
      rowOf(`IceProd PATCH task, ${String(CONNECTIONS)} connections`, patch, beside),
      rowOf(
        `IceProd list of a dataset's ${UNITS.toLocaleString('en-US')} tasks, three keys`,
        list,
        beside,
        LIST_P99_MS,
      ),
      rowOf(`IceProd task counts of a dataset, ${String(CONNECTIONS)} connections`, counts, beside),
    ];
  } finally {
    await cairn.remove();
    await hello.stop();
  }
};
