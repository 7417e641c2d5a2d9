import { rmSync } from 'node:fs';
import { get } from 'node:http';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { openLedger } from '#ledger/open-ledger.js';
import { Embedded } from '../embedded.js';
import { residentMiB } from '../process-usage.js';
import { addDataset, addUnits, classes, countIn, taskIds, UNITS_AT_ONCE } from '../subject.js';
import type { Settings } from '../settings.js';
import { spread } from '../rounds.js';
import { atLeast, figure, median, percentile, type Row, under } from '../table.js';
import { generate, type LoadResult } from '../wrk.js';
import { compare, compareTimes, type HttpYardstick, ROWS, startHello } from '../yardstick.js';

const MILLION = 1_000_000;
const SMALL = 10_000;
const MILLION_READY = 'a million ready';
const CLASSES = 1_000;
const WORKERS = 32;
const SMALL_ROUND_SECONDS = 1;
const LATENCY_ROUND_SECONDS = 2;

/** DESIGN section 9. */
const PAIRS_RATIO = 0.05;
/** A million ready may cost this share of the pace with ten thousand: rounds differ by that much on one machine. */
const PACE_SHARE_MIN = 0.9;
const NOTHING_RATIO = 20;
const COUNTS_RATIO = 60;
const COUNTS_GROWTH = 2;
const ADD_RATIO = 8;
const SET_RATIO = 4;
const READ_P99_MS = 50;
const CHANGE_RATIO = 2;
const RESIDENT_MIB = 400;
const ANSWER_MIB = 100;

const secondsSince = (sinceMs: number): number => (performance.now() - sinceMs) / 1000;

/** Reads single units, one after the other on a few connections, until `done`; resolves with all latencies (ms). */
const readMeanwhile = async (
  cairn: Embedded,
  dataset: string,
  ids: readonly string[],
  done: AbortSignal,
): Promise<readonly number[]> => {
  const latencies: number[] = [];
  const reader = async (offset: number): Promise<void> => {
    for (let index = offset; !done.aborted; index += 7919) {
      const startMs = performance.now();
      await cairn.ask('GET', `/datasets/${dataset}/tasks/${ids[index % ids.length] ?? ''}`);
      latencies.push(performance.now() - startMs);
      await delay(1);
    }
  };
  await Promise.all([0, 1, 2, 3].map(reader));
  return latencies;
};

const claimRow = async (cairn: Embedded, hello: HttpYardstick, secondsEach: number): Promise<Row> => {
  const token = await cairn.tokenFor('grid', ['system'], []);
  const dataset = await addDataset(cairn, 'ten thousand ready');
  const shapes = classes(CLASSES, 'waiting');
  let nextJob = await addUnits(cairn, dataset, shapes, SMALL);
  const load = { url: cairn.url, script: 'claim.lua', token, connections: WORKERS };
  const pairs = {
    yardstick: hello,
    rateOf: ({ countedPerSecond }: LoadResult): number => countedPerSecond,
  };
  const small = await compare({
    ...pairs,
    // Short rounds, so that units do not run out; claimed units are replaced.
    load: { ...load, seconds: SMALL_ROUND_SECONDS },
    prepare: async () => {
      const left = await countIn(cairn, dataset, 'waiting').catch(() => 0);
      if (left < SMALL) nextJob = await addUnits(cairn, dataset, shapes, SMALL - left, nextJob);
    },
  });
  await cairn.ask('POST', `/datasets/${dataset}/task_actions/bulk_suspend`);

  await addUnits(cairn, await addDataset(cairn, MILLION_READY), shapes, MILLION);
  const large = await compare({ ...pairs, load: { ...load, seconds: secondsEach } });
  const ofSmall = large.ratio / small.ratio;
  const reach = atLeast(large.ratio, PAIRS_RATIO, 'hello');
  return {
    what: `claim + complete, ${WORKERS} workers, 1,000,000 ready`,
    figure: `${figure(large.ours.perSecond, 'pairs/s')}, rounds ${spread(large.ratios)}, ${Math.round(ofSmall * 100)} % of the pace with 10,000 ready`,
    ...reach,
    reach: `${reach.reach}, no slower than with 10,000`,
    isMet: reach.isMet && ofSmall >= PACE_SHARE_MIN,
    ...(large.void === undefined ? {} : { void: large.void }),
  };
};

/** One client that waits for each answer. */
const latency = async (url: string, script: string, token: string): Promise<LoadResult> =>
  generate({ url, script, token, connections: 1, seconds: LATENCY_ROUND_SECONDS });

const nothingRow = async (cairn: Embedded, hello: HttpYardstick): Promise<Row> => {
  const token = await cairn.tokenFor('grid', ['system'], []);
  let fitting = 0;
  const { seconds, ratio, ...rest } = await compareTimes(hello, async () => {
    const result = await latency(cairn.url, 'nothing.lua', token);
    fitting += result.refused - result.counted;
    return result.p50Ms / 1000;
  });
  return {
    what: 'claim that nothing fits, 1,000,000 ready in 1,000 classes',
    figure: figure(seconds * 1000, 'ms'),
    ...under(ratio, NOTHING_RATIO, 'hello'),
    ...(fitting === 0 ? rest : { void: 'something did fit' }),
  };
};

const countsRow = async (cairn: Embedded, hello: HttpYardstick, dataset: string): Promise<Row> => {
  const token = await cairn.tokenFor('alice', ['user'], ['simprod']);
  const small = await addDataset(cairn, 'a thousand');
  await addUnits(cairn, small, classes(CLASSES, 'idle'), CLASSES);
  const secondsOf = (id: string) => async (): Promise<number> =>
    (await latency(`${cairn.url}/datasets/${id}/task_counts/status`, 'get.lua', token)).p50Ms / 1000;
  const little = await compareTimes(hello, secondsOf(small));
  const large = await compareTimes(hello, secondsOf(dataset));
  const growth = large.ratio / little.ratio;
  const reach = under(large.ratio, COUNTS_RATIO, 'hello');
  return {
    what: 'status summary of a workload of 1,000,000 units',
    figure: `${figure(large.seconds * 1000, 'ms')}, ${growth.toPrecision(2)} x that of 1,000`,
    ...large,
    ...reach,
    reach: `${reach.reach}, at most twice that of 1,000`,
    isMet: reach.isMet && growth < COUNTS_GROWTH,
  };
};

const addRow = async (cairn: Embedded): Promise<Row> => {
  const add = async (): Promise<number> => {
    const dataset = await addDataset(cairn, 'bulk');
    const startMs = performance.now();
    await addUnits(cairn, dataset, classes(1, 'idle'), UNITS_AT_ONCE);
    return secondsSince(startMs);
  };
  const { seconds, ratio } = await compareTimes(ROWS, add);
  return { what: '100,000 units added in bulk', figure: figure(seconds, 's'), ...under(ratio, ADD_RATIO, 'rows') };
};

const setRow = async (cairn: Embedded): Promise<Row> => {
  const dataset = await addDataset(cairn, 'bulk');
  await addUnits(cairn, dataset, classes(1, 'idle'), UNITS_AT_ONCE);
  const { ids } = await taskIds(cairn, dataset);
  const p99s: number[] = [];
  let status = 'idle';
  const { seconds, ratio } = await compareTimes(ROWS, async () => {
    status = status === 'idle' ? 'suspended' : 'idle';
    const done = new AbortController();
    const reading = readMeanwhile(cairn, dataset, ids, done.signal);
    const startMs = performance.now();
    await cairn.ask('POST', `/datasets/${dataset}/task_actions/bulk_status/${status}`, { tasks: ids });
    const tookS = secondsSince(startMs);
    done.abort();
    p99s.push(percentile(await reading, 0.99));
    return tookS;
  });
  const p99 = median(p99s);
  const reach = under(ratio, SET_RATIO, 'rows');
  return {
    what: "100,000 units' status set in bulk, single reads meanwhile",
    figure: `${figure(seconds, 's')}, reads p99 ${p99.toFixed(1)} ms`,
    ...reach,
    reach: `${reach.reach}, p99 under ${READ_P99_MS} ms`,
    isMet: reach.isMet && p99 < READ_P99_MS,
  };
};

const answerRow = async (cairn: Embedded, dataset: string): Promise<Row> => {
  const token = await cairn.tokenFor('alice', ['user'], ['simprod']);
  const small = await addDataset(cairn, 'read meanwhile');
  await addUnits(cairn, small, classes(1, 'idle'), CLASSES);
  const { ids } = await taskIds(cairn, small);
  const before = residentMiB(cairn.pid);
  let most = before;
  const done = new AbortController();
  const sampling = (async (): Promise<void> => {
    while (!done.signal.aborted) {
      most = Math.max(most, residentMiB(cairn.pid));
      await delay(20);
    }
  })();
  const startMs = performance.now();
  const reading = readMeanwhile(cairn, small, ids, done.signal);
  const bytes = await new Promise<number>((settle, refuse) => {
    const headers = { authorization: `Bearer ${token}` };
    get(`${cairn.url}/datasets/${dataset}/tasks`, { headers }, (response) => {
      let length = 0;
      response.on('data', (part: Buffer) => (length += part.length));
      response.on('end', () => {
        settle(response.complete && response.statusCode === 200 ? length : 0);
      });
      response.on('error', refuse);
    }).on('error', refuse);
  });
  const tookS = secondsSince(startMs);
  done.abort();
  await sampling;
  const p99 = percentile(await reading, 0.99);
  const more = most - before;
  return {
    what: 'all units of a 1,000,000-unit dataset as one answer',
    figure: `${figure(bytes / 1e6, 'MB')} in ${figure(tookS, 's')}, ${figure(Math.max(more, 0.1), 'MiB')} more, reads p99 ${p99.toFixed(1)} ms`,
    reach: `under ${ANSWER_MIB} MiB more, others served`,
    isMet: bytes > 0 && more < ANSWER_MIB && p99 < READ_P99_MS,
    ...(bytes > 0 ? {} : { void: 'the answer was not whole' }),
  };
};

/** How many changes of single units the ledger holds. */
const unitChanges = async (dataDir: string): Promise<number> => {
  const ledger = await openLedger({ dataDir });
  let changes = 0;
  for await (const { events } of ledger.readAll({ streamPrefixes: ['work-'] })) {
    for (const { data } of events) {
      const { units = [] } = JSON.parse(data) as { readonly units?: readonly (readonly [number, number])[] };
      for (const [first, last] of units) changes += last - first + 1;
    }
  }
  await ledger.close();
  return changes;
};

const rebuildRow = async (cairn: Embedded, dataset: string): Promise<Row> => {
  const path = `/datasets/${dataset}/task_counts/name_status`;
  const before = await cairn.send('GET', path);
  await cairn.stop();
  const changes = await unitChanges(cairn.dataDir);
  const emptyS = await startSeconds(cairn);
  const { seconds, ratio } = await compareTimes(ROWS, async () => {
    await cairn.stop();
    rmSync(join(cairn.dataDir, 'read-models'), { recursive: true });
    const startMs = performance.now();
    await cairn.start();
    while ((await cairn.send('GET', path)).text !== before.text) await delay(20);
    // As many changes as the yardstick has rows.
    return ((secondsSince(startMs) - emptyS) / changes) * UNITS_AT_ONCE;
  });
  return {
    what: `rebuild of all read models, a unit change (of ${changes.toLocaleString('en-US')})`,
    figure: figure(UNITS_AT_ONCE / seconds, '/s'),
    ...under(ratio, CHANGE_RATIO, 'a row of rows'),
  };
};

/** A start with nothing to catch up with. */
const startSeconds = async (cairn: Embedded): Promise<number> => {
  const startMs = performance.now();
  await cairn.start();
  return secondsSince(startMs);
};

/** Everything that is measured with a million units. */
export const millionUnits = async ({ seconds, environment }: Settings): Promise<readonly Row[]> => {
  const hello = await startHello(seconds);
  const cairn = new Embedded(environment);
  try {
    await cairn.start();
    const claims = await claimRow(cairn, hello, seconds);
    const nothing = await nothingRow(cairn, hello);
    const resident = residentMiB(cairn.pid);
    const dataset = await millionDataset(cairn);
    const counts = await countsRow(cairn, hello, dataset);
    const answer = await answerRow(cairn, dataset);
    const added = await addRow(cairn);
    const set = await setRow(cairn);
    const rebuild = await rebuildRow(cairn, dataset);
    return [
      claims,
      nothing,
      added,
      set,
      counts,
      rebuild,
      {
        what: 'resident memory with 1,000,000 units, after the claims',
        figure: figure(resident, 'MiB'),
        reach: `under ${RESIDENT_MIB} MiB`,
        isMet: resident < RESIDENT_MIB,
      },
      answer,
    ];
  } finally {
    await cairn.remove();
    await hello.stop();
  }
};

const millionDataset = async (cairn: Embedded): Promise<string> => {
  const datasets = (await cairn.ask('GET', '/datasets?keys=description')) as Readonly<
    Record<string, { readonly description: string }>
  >;
  return Object.entries(datasets).find(([, { description }]) => description === MILLION_READY)?.[0] ?? '';
};
