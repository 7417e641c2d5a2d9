import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { verifyChain } from '#ledger/hash-chain.js';
import { openLedger } from '#ledger/open-ledger.js';
import { startDistributed } from '../../harness/cairn-process.js';
import { Embedded } from '../embedded.js';
import { alternate, spread, warmUp } from '../rounds.js';
import { addDataset, addUnits, classes, countIn, type Sender, senderOf, taskIds } from '../subject.js';
import type { Settings } from '../settings.js';
import { atLeast, figure, median, type Row } from '../table.js';
import { generate, type LoadResult } from '../wrk.js';

const UNITS = 10_000;
const CLASSES = 1_000;
/** Short rounds, so that units do not run out. */
const CLAIM_ROUND_SECONDS = 1;
const WARM_UP_SECONDS = 2;

/** Shares of the pace of the SQLite ledger. */
const MANY_RATIO = 0.5;
const ALONE_RATIO = 0.4;
const READING_RATIO = 0.8;
const REBUILD_RATIO = 0.5;

/** The same of a Cairn on either ledger. */
interface Pair<Each> {
  readonly sqlite: Each;
  readonly eventStore: Each;
}

/** What is loaded with requests. */
interface Subject {
  readonly cairn: Sender;
  readonly url: string;
  readonly token: string;
}

/** Three alternating rounds on both ledgers; the share of SQLite's pace. */
const compareLedgers = async (
  what: string,
  unit: string,
  reach: number,
  { sqlite, eventStore }: Pair<() => Promise<number>>,
): Promise<Row> => {
  const { theirs, ours } = await alternate(
    () => sqlite(),
    () => eventStore(),
  );
  const ratios = ours.map((pace, round) => pace / (theirs[round] ?? NaN));
  const row = {
    what: `EventStoreDB: ${what}`,
    figure: `${figure(median(ours), unit)} (SQLite: ${figure(median(theirs), unit)}; ratios ${spread(ratios)})`,
    ...atLeast(median(ratios), reach, 'SQLite'),
  };
  // The whole takes many minutes.
  process.stderr.write(`${row.what}: ${row.figure}\n`);
  return row;
};

/** As {@link compareLedgers}, after both were warmed up. */
const compareWarm = async (
  what: string,
  reach: number,
  loads: Pair<(seconds?: number) => Promise<number>>,
): Promise<Row> => {
  for (const measure of [loads.sqlite, loads.eventStore]) await warmUp(() => measure(WARM_UP_SECONDS));
  return compareLedgers(what, '/s', reach, loads);
};

const changesOf = async ({ cairn, url, token }: Subject, seconds: number) => {
  const dataset = await addDataset(cairn, 'single units');
  await addUnits(cairn, dataset, classes(1, 'idle'), UNITS);
  const { ids, file } = await taskIds(cairn, dataset);
  const load = { url, token, script: 'change.lua', args: [file, `/datasets/${dataset}/tasks/`] };
  return (connections: number) =>
    async (roundSeconds = seconds): Promise<number> => {
      await cairn.ask('POST', `/datasets/${dataset}/task_actions/bulk_status/idle`, { tasks: ids });
      return paceOf(await generate({ ...load, connections, seconds: roundSeconds }));
    };
};

const claimsOf = async ({ cairn, url, token }: Subject) => {
  const dataset = await addDataset(cairn, 'ready units');
  const shapes = classes(CLASSES, 'waiting');
  let nextJob = await addUnits(cairn, dataset, shapes, UNITS);
  const load = { url, token, script: 'claim.lua', connections: 32, seconds: CLAIM_ROUND_SECONDS };
  return async (): Promise<number> => {
    const left = await countIn(cairn, dataset, 'waiting').catch(() => 0);
    if (left < UNITS) nextJob = await addUnits(cairn, dataset, shapes, UNITS - left, nextJob);
    return paceOf(await generate(load), ({ countedPerSecond }) => countedPerSecond);
  };
};

const paceOf = (result: LoadResult, of: (result: LoadResult) => number = ({ perSecond }) => perSecond): number => {
  if (result.refused + result.broken > 0) throw new Error(`${result.refused + result.broken} requests failed`);
  return of(result);
};

const loadRows = async (where: string, subjects: Pair<Subject>, seconds: number): Promise<readonly Row[]> => {
  const changes = {
    sqlite: await changesOf(subjects.sqlite, seconds),
    eventStore: await changesOf(subjects.eventStore, seconds),
  };
  const changing = (connections: number) => ({
    sqlite: changes.sqlite(connections),
    eventStore: changes.eventStore(connections),
  });
  const claims = { sqlite: await claimsOf(subjects.sqlite), eventStore: await claimsOf(subjects.eventStore) };
  return [
    await compareWarm(`${where}, durable status changes, 32 connections`, MANY_RATIO, changing(32)),
    await compareWarm(`${where}, durable status changes, 1 connection`, ALONE_RATIO, changing(1)),
    await compareWarm(`${where}, tasks claimed and completed, 32 connections`, MANY_RATIO, claims),
  ];
};

/** Events a second of reading the whole ledger and checking its chains. */
const verifying = (dataDir: string, eventStoreUrl?: string) => async (): Promise<number> => {
  const ledger = await openLedger({ dataDir, eventStoreUrl });
  const startMs = performance.now();
  const { events, faults } = await verifyChain(ledger);
  const seconds = (performance.now() - startMs) / 1000;
  await ledger.close();
  if (faults.length > 0) throw new Error('the ledger is broken');
  return events / seconds;
};

/** Events of the ledger a second, from starting Cairn without its tables until it is ready, less a start with them. */
const rebuilding = (cairn: Embedded, eventStoreUrl?: string) => async (): Promise<number> => {
  const startSeconds = async (): Promise<number> => {
    const startMs = performance.now();
    await cairn.start();
    return (performance.now() - startMs) / 1000;
  };
  await cairn.stop();
  const usual = await startSeconds();
  await cairn.stop();
  await rm(join(cairn.dataDir, 'read-models'), { recursive: true });
  const ledger = await openLedger({ dataDir: cairn.dataDir, eventStoreUrl });
  let events = 0;
  for await (const batch of ledger.readAll()) events += batch.events.length;
  await ledger.close();
  return events / Math.max(0.01, (await startSeconds()) - usual);
};

const inOneProcess = async ({ seconds, environment }: Settings, eventStoreUrl: string): Promise<readonly Row[]> => {
  const sqlite = new Embedded(environment);
  const eventStore = new Embedded({ ...environment, EVENTSTORE_URL: eventStoreUrl });
  try {
    for (const cairn of [sqlite, eventStore]) await cairn.start();
    const subjectOf = async (cairn: Embedded): Promise<Subject> => ({
      cairn,
      url: cairn.url,
      token: await cairn.tokenFor('grid', ['system'], []),
    });
    const subjects = { sqlite: await subjectOf(sqlite), eventStore: await subjectOf(eventStore) };
    return [
      ...(await loadRows('one process', subjects, seconds)),
      await compareLedgers('cairn verify', 'events/s', READING_RATIO, {
        sqlite: verifying(sqlite.dataDir),
        eventStore: verifying(eventStore.dataDir, eventStoreUrl),
      }),
      await compareLedgers('all read models made again', 'events/s', REBUILD_RATIO, {
        sqlite: rebuilding(sqlite),
        eventStore: rebuilding(eventStore, eventStoreUrl),
      }),
    ];
  } finally {
    for (const cairn of [sqlite, eventStore]) await cairn.remove();
  }
};

const inSixProcesses = async ({ seconds, environment }: Settings, eventStoreUrl: string): Promise<readonly Row[]> => {
  const sqlite = await startDistributed(environment);
  const eventStore = await startDistributed({ ...environment, EVENTSTORE_URL: eventStoreUrl });
  try {
    const subjectOf = async (cairn: typeof sqlite): Promise<Subject> => ({
      cairn: await senderOf(cairn),
      url: cairn.url,
      token: await cairn.token({ username: 'grid', roles: ['system'] }),
    });
    return await loadRows(
      'over NATS',
      { sqlite: await subjectOf(sqlite), eventStore: await subjectOf(eventStore) },
      seconds,
    );
  } finally {
    await sqlite.remove();
    await eventStore.remove();
  }
};

/** The EventStoreDB that the bench was started with, beside the SQLite ledger; no rows without one. */
export const onEventStoreDb = async (settings: Settings): Promise<readonly Row[]> => {
  const { eventStoreUrl } = settings;
  if (eventStoreUrl === undefined) return [];
  return [...(await inOneProcess(settings, eventStoreUrl)), ...(await inSixProcesses(settings, eventStoreUrl))];
};
