import { rmSync } from 'node:fs';
import { get } from 'node:http';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { openLedger } from '#ledger/open-ledger.js';
import { Embedded } from '../embedded.js';
import { residentMiB } from '../process-usage.js';
import { addDataset, addUnits, classes, countIn, taskIds, UNITS_AT_ONCE } from '../subject.js';
import type { Settings } from '../settings.js';
import { figure, median, type Row } from '../table.js';
import { generate } from '../wrk.js';

const MILLION = 1_000_000;
const SMALL = 10_000;
const CLASSES = 1_000;
const CLAIM_ROUNDS = 3;
const WORKERS = 32;

const PAIRS_PER_SECOND = 2_500;
/** A million ready may cost this share of the pace with ten thousand: rounds differ by that much on one machine. */
const NO_SLOWER = 0.9;
const NOTHING_MS = 2;
const COUNTS_MS = 3;
const ADD_S = 5;
const SET_S = 2;
const READ_P99_MS = 50;
const REBUILD_PER_SECOND = 100_000;
const RESIDENT_MIB = 400;
const ANSWER_MIB = 100;

const seconds = (sinceMs: number): number => (performance.now() - sinceMs) / 1000;

const percentile = (values: readonly number[], share: number): number =>
  [...values].sort((left, right) => left - right)[Math.max(0, Math.ceil(values.length * share) - 1)] ?? NaN;

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

const claimRow = async (
  cairn: Embedded,
  secondsEach: number,
): Promise<{ readonly row: Row; readonly perSecond: number }> => {
  const token = await cairn.tokenFor('grid', ['system'], []);
  const dataset = await addDataset(cairn, 'ten thousand ready');
  const shapes = classes(CLASSES, 'waiting');
  let nextJob = await addUnits(cairn, dataset, shapes, SMALL);
  const load = { url: cairn.url, script: 'claim.lua', args: [token], connections: WORKERS };
  const small: number[] = [];
  // The first round warms up. Short ones, so that tasks do not run out; what was taken is put back.
  for (let round = -1; round < CLAIM_ROUNDS; round += 1) {
    const { countedPerSecond } = await generate({ ...load, seconds: 1 });
    if (round >= 0) small.push(countedPerSecond);
    const left = await countIn(cairn, dataset, 'waiting').catch(() => 0);
    if (left < SMALL) nextJob = await addUnits(cairn, dataset, shapes, SMALL - left, nextJob);
  }
  await cairn.ask('POST', `/datasets/${dataset}/task_actions/bulk_suspend`);

  const large = await addDataset(cairn, 'a million ready');
  await addUnits(cairn, large, shapes, MILLION);
  const results = [];
  for (let round = 0; round < CLAIM_ROUNDS; round += 1) results.push(await generate({ ...load, seconds: secondsEach }));
  const perSecond = median(results.map(({ countedPerSecond }) => countedPerSecond));
  const bad = results.reduce((sum, { refused, broken }) => sum + refused + broken, 0);
  const ofSmall = perSecond / median(small);
  return {
    perSecond,
    row: {
      what: `claim + complete, ${WORKERS} workers, 1,000,000 ready (beside 10,000 ready)`,
      figure: `${figure(perSecond, 'pairs/s')} (${Math.round(ofSmall * 100)} % of ${figure(median(small), '/s')})`,
      reach: `${PAIRS_PER_SECOND.toLocaleString('en-US')} pairs/s, no slower`,
      isMet: perSecond >= PAIRS_PER_SECOND && ofSmall >= NO_SLOWER,
      ...(bad > 0 ? { void: `${bad} requests failed` } : {}),
    },
  };
};

const nothingRow = async (cairn: Embedded): Promise<Row> => {
  const token = await cairn.tokenFor('grid', ['system'], []);
  const result = await generate({ url: cairn.url, script: 'nothing.lua', args: [token], connections: 1, seconds: 3 });
  return {
    what: 'claim that nothing fits, 1,000,000 ready in 1,000 classes',
    figure: figure(result.p50Ms, 'ms'),
    reach: `under ${NOTHING_MS} ms`,
    isMet: result.p50Ms < NOTHING_MS,
    ...(result.counted === result.refused ? {} : { void: 'something did fit' }),
  };
};

const countsRow = async (cairn: Embedded, dataset: string): Promise<Row> => {
  const token = await cairn.tokenFor('alice', ['user'], ['simprod']);
  const small = await addDataset(cairn, 'a thousand');
  await addUnits(cairn, small, classes(CLASSES, 'idle'), CLASSES);
  const latency = async (id: string): Promise<number> => {
    const url = `${cairn.url}/datasets/${id}/task_counts/status`;
    return (await generate({ url, script: 'get.lua', args: [token], connections: 1, seconds: 2 })).p50Ms;
  };
  const [large, little] = [await latency(dataset), await latency(small)];
  return {
    what: 'status summary of a workload of 1,000,000 units (beside 1,000)',
    figure: `${figure(large, 'ms')} (${figure(little, 'ms')})`,
    reach: `under ${COUNTS_MS} ms, the same`,
    isMet: large < COUNTS_MS && large < 2 * little + 0.2,
  };
};

const bulkRows = async (cairn: Embedded): Promise<readonly Row[]> => {
  const dataset = await addDataset(cairn, 'bulk');
  const addedMs = performance.now();
  await addUnits(cairn, dataset, classes(1, 'idle'), UNITS_AT_ONCE);
  const addS = seconds(addedMs);
  const { ids } = await taskIds(cairn, dataset);
  const done = new AbortController();
  const reading = readMeanwhile(cairn, dataset, ids, done.signal);
  const setMs = performance.now();
  await cairn.ask('POST', `/datasets/${dataset}/task_actions/bulk_status/suspended`, { tasks: ids });
  const setS = seconds(setMs);
  done.abort();
  const p99 = percentile(await reading, 0.99);
  return [
    {
      what: '100,000 units added in bulk',
      figure: figure(addS, 's'),
      reach: `under ${ADD_S} s`,
      isMet: addS < ADD_S,
    },
    {
      what: "100,000 units' status set in bulk, single reads meanwhile",
      figure: `${figure(setS, 's')}, reads p99 ${p99.toFixed(1)} ms`,
      reach: `under ${SET_S} s, p99 under ${READ_P99_MS} ms`,
      isMet: setS < SET_S && p99 < READ_P99_MS,
    },
  ];
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
  const tookS = seconds(startMs);
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
  const emptyS = await startS(cairn);
  await cairn.stop();
  rmSync(join(cairn.dataDir, 'read-models'), { recursive: true });
  const startMs = performance.now();
  await cairn.start();
  for (;;) {
    const after = await cairn.send('GET', path);
    if (after.text === before.text) break;
    await delay(20);
  }
  const tookS = seconds(startMs) - emptyS;
  const perSecond = changes / tookS;
  return {
    what: `rebuild of all read models (${changes.toLocaleString('en-US')} unit changes)`,
    figure: `${figure(perSecond, '/s')} (${figure(tookS, 's')})`,
    reach: `${REBUILD_PER_SECOND.toLocaleString('en-US')} /s`,
    isMet: perSecond >= REBUILD_PER_SECOND,
  };
};

/** A start with nothing to catch up with. */
const startS = async (cairn: Embedded): Promise<number> => {
  const startMs = performance.now();
  await cairn.start();
  return seconds(startMs);
};

/** Everything that is measured with a million units. */
export const millionUnits = async ({ seconds: secondsEach, environment }: Settings): Promise<readonly Row[]> => {
  const cairn = new Embedded(environment);
  try {
    await cairn.start();
    const { row: claims } = await claimRow(cairn, secondsEach);
    const nothing = await nothingRow(cairn);
    const resident = residentMiB(cairn.pid);
    const dataset = await millionDataset(cairn);
    const counts = await countsRow(cairn, dataset);
    const answer = await answerRow(cairn, dataset);
    const bulk = await bulkRows(cairn);
    const rebuild = await rebuildRow(cairn, dataset);
    return [
      claims,
      nothing,
      ...bulk,
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
  }
};

const millionDataset = async (cairn: Embedded): Promise<string> => {
  const datasets = (await cairn.ask('GET', '/datasets?keys=description')) as Readonly<
    Record<string, { readonly description: string }>
  >;
  return Object.entries(datasets).find(([, { description }]) => description === 'a million ready')?.[0] ?? '';
};
