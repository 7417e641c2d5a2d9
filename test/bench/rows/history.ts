import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { DatasetSubmitted } from '#contracts/iceprod/dataset-events.js';
import { newId } from '#contracts/ids.js';
import type { UnitsAdded, UnitsMoved } from '#contracts/work-events.js';
import { ReadModel } from '#event-sourcing/read-model.js';
import { projectionsOf, type ServiceStore } from '#event-sourcing/service-store.js';
import { type NewEvent, NO_STREAM } from '#ledger/ledger.js';
import { openLedger } from '#ledger/open-ledger.js';
import { verifyHistory } from '#ledger/proof/verify-history.js';
import { ledgerSource } from '#ledger/proof/event-source.js';
import { ref, streamName } from '#ledger/ref.js';
import { exportLedger } from '#ledger/transfer/export-ledger.js';
import { importExport } from '#ledger/transfer/import-export.js';
import { tasksStore } from '../../../apps/tasks/src/tasks.module.js';
import { Embedded } from '../embedded.js';
import { type Append, appendsOf, eventOf, START_MICROS, writeLedger } from '../events.js';
import type { Settings } from '../settings.js';
import { figure, median, percentile, type Row, under } from '../table.js';
import { compareTimes, ROWS, startHello } from '../yardstick.js';

const EVENTS = 100_000;
const STREAMS = 32;
/** Small, middle and large appends. */
const BATCHES = [1, 10, 100];
/** Single appends cost a commit each, so fewer of them are enough. */
const APPENDS_MAX = 20_000;
const APPEND_RATIO = 20;
const EXPORT_RATIO = 8;
const IMPORT_RATIO = 20;
const VERIFY_RATIO = 8;
const REBUILD_RATIO = 20;

/** Ten million take an hour: BENCH_EVENTS=10000000. */
const TRAVELS = [10_000, Number(process.env['BENCH_EVENTS'] ?? 1_000_000)];
const UNITS = 10_000;
const TRAVEL_RATIO = 60_000;
const STEPS = 20;
const STEP_RATIO = 6_000;

const moved = (number: number): NewEvent => {
  const unit = (number * 7919) % UNITS;
  const data: UnitsMoved = { units: [[unit, unit]], status: number % 2 === 0 ? 'waiting' : 'suspended' };
  return eventOf('UnitsMoved', data, number);
};

const inFolder = async <Result>(work: (folder: string) => Promise<Result>): Promise<Result> => {
  const folder = mkdtempSync(join(tmpdir(), 'cairn-bench-history-'));
  try {
    return await work(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
};

/** Each stream appends one after the other, all of them at once. */
const appendRow = (batch: number): Promise<Row> =>
  inFolder(async (folder) => {
    const ledger = await openLedger({ dataDir: folder });
    const appends = Math.min(Math.ceil(EVENTS / batch), APPENDS_MAX);
    let round = 0;
    let latenciesMs: number[] = [];
    const appendAll = async (): Promise<number> => {
      round += 1;
      latenciesMs = [];
      const startMs = performance.now();
      await Promise.all(
        Array.from({ length: STREAMS }, async (_, stream) => {
          for (let at = 0, revision = NO_STREAM; at < appends / STREAMS; at += 1, revision += batch) {
            const events = Array.from({ length: batch }, (_event, index) => moved(at * batch + index));
            const sinceMs = performance.now();
            await ledger.append(`work-iceprod.main.${round}-${stream}`, revision, events);
            latenciesMs.push(performance.now() - sinceMs);
          }
        }),
      );
      // As long as 100,000 events would take.
      return ((performance.now() - startMs) / 1000) * (EVENTS / (appends * batch));
    };
    try {
      const { seconds, ratio, ...time } = await compareTimes(ROWS, appendAll);
      const [p50, p99] = [percentile(latenciesMs, 0.5), percentile(latenciesMs, 0.99)];
      return {
        what: `append ${batch} at a time, ${STREAMS} streams, 100,000 events`,
        figure: `${figure(EVENTS / seconds, 'events/s')}, p50 ${figure(p50, 'ms')}, p99 ${figure(p99, 'ms')}`,
        ...under(ratio, APPEND_RATIO, 'rows'),
        ...(time.void !== undefined && { void: time.void }),
      };
    } finally {
      await ledger.close();
    }
  });

const timedRow = async (what: string, limit: number, work: () => Promise<void>): Promise<Row> => {
  const time = await compareTimes(ROWS, async () => {
    const startMs = performance.now();
    await work();
    return (performance.now() - startMs) / 1000;
  });
  return {
    what: `${what}, 100,000 events`,
    figure: figure(EVENTS / time.seconds, 'events/s'),
    ...under(time.ratio, limit, 'rows'),
    ...(time.void !== undefined && { void: time.void }),
  };
};

const transferRows = (): Promise<readonly Row[]> =>
  inFolder(async (folder) => {
    writeLedger(folder, appendsOf(EVENTS, STREAMS, moved));
    const ledger = await openLedger({ dataDir: folder });
    try {
      let round = 0;
      const exported = (): string => join(folder, `export-${round}.jsonl`);
      const verify = await timedRow('verify', VERIFY_RATIO, async () => {
        const { faults } = await verifyHistory(ledgerSource(ledger));
        if (faults.length > 0) throw new Error('The history is broken');
      });
      const write = await timedRow('export', EXPORT_RATIO, async () => {
        round += 1;
        await exportLedger(ledger, exported());
      });
      const read = await timedRow('import', IMPORT_RATIO, () =>
        inFolder(async (target) => {
          const copy = await openLedger({ dataDir: target });
          await importExport(exported(), copy);
          await copy.close();
        }),
      );
      return [verify, write, read];
    } finally {
      await ledger.close();
    }
  });

/** A dataset that has so many changes of its tasks. */
function* datasetOf(id: string, events: number): Generator<Append, void, void> {
  const aggregate = ref('iceprod', 'main', id);
  const submitted: DatasetSubmitted = {
    ...{ workload_id: id, dataset: 1, description: 'bench', jobs_submitted: UNITS, tasks_submitted: UNITS },
    ...{ tasks_per_job: 1, group: 'users', username: 'bench', submitter: 'bench', status: 'processing', priority: 0.5 },
    ...{ debug: false, jobs_immutable: false, always_active: false },
    access: { read_groups: ['users'], write_groups: ['users'], read_users: [], write_users: [] },
  };
  const request = { expectedRevision: NO_STREAM, events: [eventOf('WorkloadSubmitted', submitted)] };
  yield { stream: streamName('workload', aggregate), ...request };
  const added: UnitsAdded = {
    ...{ units: [[0, UNITS - 1]], workload_id: id, prefix: 'f'.repeat(24) },
    shapes: [{ name: 'task', depends: [], requirements: '{}', status: 'waiting', priority: 0.5 }],
  };
  const stream = streamName('work', aggregate);
  yield { stream, expectedRevision: NO_STREAM, events: [eventOf('UnitsAdded', added)] };
  const together = 1000;
  for (let written = 0; written < events; written += together) {
    const some = Array.from({ length: together }, (_, at) => moved(written + at));
    yield { stream, expectedRevision: written, events: some };
  }
}

/** Of smaller workloads no checkpoints are made ahead. */
const CHECKPOINTS_FROM = 20_000;

/** Resolves when the checkpoints of a workload are made, but for the last few events. */
const checkpointsMade = async (dataDir: string, events: number): Promise<void> => {
  const folder = join(dataDir, 'past', 'checkpoints');
  for (;;) {
    const names = existsSync(folder) ? readdirSync(folder, { recursive: true, encoding: 'utf8' }) : [];
    if (names.some((name) => Number(basename(name)) > events - CHECKPOINTS_FROM / 2)) return;
    await delay(1_000);
  }
};

/** What `cairn replay` does for a service, without reading the live file. */
const rebuildRow = (store: ServiceStore): Promise<Row> =>
  inFolder(async (folder) => {
    writeLedger(folder, datasetOf(newId('bench', START_MICROS), EVENTS));
    const ledger = await openLedger({ dataDir: folder });
    try {
      return await timedRow(`rebuild of ${store.service}`, REBUILD_RATIO, () =>
        inFolder(async (target) => {
          const file = join(target, 'rebuilt.sqlite');
          const model = await ReadModel.open({ ...store, file, ledger, projections: projectionsOf(store) });
          model.start();
          await model.caughtUp();
          await model.close();
        }),
      );
    } finally {
      await ledger.close();
    }
  });

const travelRows = async ({ environment, seconds }: Settings, events: number): Promise<readonly Row[]> => {
  const cairn = new Embedded(environment);
  const hello = await startHello(seconds);
  try {
    const id = newId('bench', START_MICROS);
    writeLedger(cairn.dataDir, datasetOf(id, events));
    await cairn.start();
    const at = async (position: number): Promise<number> => {
      const startMs = performance.now();
      const path = `/cairn/history/workloads/${id}/at?position=${position}`;
      while ((await cairn.send('GET', path)).status === 503) await delay(100);
      return (performance.now() - startMs) / 1000;
    };
    const middle = Math.floor(events / 2);
    if (events >= CHECKPOINTS_FROM) await checkpointsMade(cairn.dataDir, events);
    const first = await at(middle);
    const [back, on]: [number[], number[]] = [[], []];
    for (let step = 1; step <= STEPS; step += 1) {
      back.push(await at(middle - step * 10));
      on.push(await at(middle + step * 10));
    }
    const reading = await hello.measure();
    const what = `of ${events.toLocaleString('en-US')} events`;
    const isVoid = reading.void === undefined ? {} : { void: reading.void };
    return [
      {
        what: `time travel, first question into the middle ${what}`,
        figure: figure(first, 's'),
        ...under(first / reading.seconds, TRAVEL_RATIO, 'hello'),
        ...isVoid,
      },
      ...[['back', back] as const, ['on', on] as const].map(([way, times]) => ({
        what: `time travel, 10 events ${way} from before, ${what}`,
        figure: figure(median(times) * 1000, 'ms'),
        ...under(median(times) / reading.seconds, STEP_RATIO, 'hello'),
        ...isVoid,
      })),
    ];
  } finally {
    await hello.stop();
    await cairn.remove();
  }
};

/** The ledger under load, its copies, and questions about the past. */
export const historyOfEvents = async (settings: Settings): Promise<readonly Row[]> => {
  const rows: Row[] = [];
  for (const batch of BATCHES) rows.push(await appendRow(batch));
  rows.push(...(await transferRows()));
  rows.push(await rebuildRow(tasksStore));
  for (const events of TRAVELS) rows.push(...(await travelRows(settings, events)));
  return rows;
};
