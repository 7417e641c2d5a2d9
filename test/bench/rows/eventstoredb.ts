import { randomUUID } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { verifyChain } from '#ledger/hash-chain.js';
import { NO_STREAM } from '#ledger/ledger.js';
import { openLedger } from '#ledger/open-ledger.js';
import { someEvent } from '#ledger/testing/new-events.js';
import { startDistributed } from '../../harness/cairn-process.js';
import { Embedded } from '../embedded.js';
import { cpuSeconds } from '../process-usage.js';
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

/** Changes of single units that are read again on either ledger, at least. */
const READ_CHANGES = 40_000;

/** Appends of the bare ledger that are timed. */
const BARE_APPENDS = 200;

/** Says whether a share of the pace of the SQLite ledger, or the pace itself, is enough. */
type Limit = (ratio: number, pace: number) => Pick<Row, 'ratio' | 'reach' | 'isMet'>;

const shareOfSqlite =
  (reach: number): Limit =>
  (ratio) =>
    atLeast(ratio, reach, 'SQLite');

const MANY = shareOfSqlite(0.5);
const ALONE = shareOfSqlite(0.4);

/** Reading the whole ledger, to check it or to make read models again. */
const READING_PACE = 25_000;

const READING: Limit = (ratio, pace) => ({
  ratio,
  reach: `at least ${figure(READING_PACE, 'events/s')}`,
  isMet: pace >= READING_PACE,
});

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

/** A figure that has no limit. */
const report = (what: string, text: string): Row => {
  const row = { what: `EventStoreDB: ${what}`, figure: text, reach: '', isMet: true };
  process.stderr.write(`${row.what}: ${row.figure}\n`);
  return row;
};

/** Three alternating rounds on both ledgers; the share of SQLite's pace. */
const compareLedgers = async (
  what: string,
  unit: string,
  limit: Limit,
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
    ...limit(median(ratios), median(ours)),
  };
  // The whole takes many minutes.
  process.stderr.write(`${row.what}: ${row.figure}\n`);
  return row;
};

/** As {@link compareLedgers}, after both were warmed up. */
const compareWarm = async (
  what: string,
  limit: Limit,
  loads: Pair<(seconds?: number) => Promise<number>>,
): Promise<Row> => {
  for (const measure of [loads.sqlite, loads.eventStore]) await warmUp(() => measure(WARM_UP_SECONDS));
  return compareLedgers(what, '/s', limit, loads);
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
    await compareWarm(`${where}, durable status changes, 32 connections`, MANY, changing(32)),
    await compareWarm(`${where}, durable status changes, 1 connection`, ALONE, changing(1)),
    await compareWarm(`${where}, tasks claimed and completed, 32 connections`, MANY, claims),
  ];
};

/**
 * Makes the history that is read again: nothing but changes of single units on both ledgers. Rounds of load would leave as many bulk changes
 * as there were rounds, each of which takes as long as thousands of others, and fewer others the slower the ledger is.
 */
const makeHistory = async (subject: Subject): Promise<void> => {
  const change = (await changesOf(subject, WARM_UP_SECONDS))(32);
  const pace = await change();
  await change(Math.ceil(READ_CHANGES / pace));
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

/** Processor time of Cairn for one change, which other processes on the machine alter less than its pace. */
const cpuOfChanges = async (
  subjects: Pair<Subject & { readonly cairn: Embedded }>,
  seconds: number,
): Promise<readonly Row[]> => {
  const loads = {
    sqlite: await changesOf(subjects.sqlite, seconds),
    eventStore: await changesOf(subjects.eventStore, seconds),
  };
  const rows: Row[] = [];
  for (const connections of [32, 1]) {
    const msOf = async (ledger: keyof typeof loads): Promise<number> => {
      const { pid } = subjects[ledger].cairn;
      const before = cpuSeconds(pid);
      const pace = await loads[ledger](connections)();
      return ((cpuSeconds(pid) - before) * 1000) / (pace * seconds);
    };
    const { theirs, ours } = await alternate(
      () => msOf('sqlite'),
      () => msOf('eventStore'),
    );
    const text = `${figure(median(ours), 'ms')} (SQLite: ${figure(median(theirs), 'ms')})`;
    rows.push(report(`one process, CPU of a change, ${connections} connections`, text));
  }
  return rows;
};

/** How long the server itself takes: the room that Cairn has. */
const bareAppends = async (eventStoreUrl: string): Promise<readonly Row[]> => {
  const ledger = await openLedger({ dataDir: '', eventStoreUrl });
  const rows: Row[] = [];
  try {
    for (const count of [1, 16, 32]) {
      const stream = `bench-${randomUUID()}`;
      const tookMs: number[] = [];
      let revision = NO_STREAM;
      for (let at = 0; at < BARE_APPENDS; at++) {
        const events = Array.from({ length: count }, () => someEvent({ at }));
        const startMs = performance.now();
        ({ revision } = await ledger.append(stream, revision, events));
        tookMs.push(performance.now() - startMs);
      }
      rows.push(report(`one append of ${count} events, without Cairn`, figure(median(tookMs), 'ms')));
    }
  } finally {
    await ledger.close();
  }
  return rows;
};

const inOneProcess = async ({ seconds, environment }: Settings, eventStoreUrl: string): Promise<readonly Row[]> => {
  const sqlite = new Embedded(environment);
  const eventStore = new Embedded({ ...environment, EVENTSTORE_URL: eventStoreUrl });
  try {
    for (const cairn of [sqlite, eventStore]) await cairn.start();
    const subjectOf = async (cairn: Embedded) => ({
      cairn,
      url: cairn.url,
      token: await cairn.tokenFor('grid', ['system'], []),
    });
    for (const cairn of [sqlite, eventStore]) await makeHistory(await subjectOf(cairn));
    const reading = [
      await compareLedgers('cairn verify', 'events/s', READING, {
        sqlite: verifying(sqlite.dataDir),
        eventStore: verifying(eventStore.dataDir, eventStoreUrl),
      }),
      await compareLedgers('all read models made again', 'events/s', READING, {
        sqlite: rebuilding(sqlite),
        eventStore: rebuilding(eventStore, eventStoreUrl),
      }),
    ];
    // Both have been started again, each at another address.
    const subjects = { sqlite: await subjectOf(sqlite), eventStore: await subjectOf(eventStore) };
    return [
      ...(await loadRows('one process', subjects, seconds)),
      ...(await cpuOfChanges(subjects, seconds)),
      ...reading,
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
  return [
    ...(await inOneProcess(settings, eventStoreUrl)),
    ...(await inSixProcesses(settings, eventStoreUrl)),
    ...(await bareAppends(eventStoreUrl)),
  ];
};
