import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { NewEvent } from '#ledger/ledger.js';
import { openLedger } from '#ledger/open-ledger.js';
import { HistoryIndex } from '../../../apps/events/src/index/history-index.js';
import { Embedded } from '../embedded.js';
import { appendsOf, eventOf, writeLedger } from '../events.js';
import type { Settings } from '../settings.js';
import { atLeast, figure, type Row, under } from '../table.js';
import { compare, compareTimes, ROWS, startHello } from '../yardstick.js';

/** More with BENCH_EVENTS=10000000. */
const EVENTS = Number(process.env['BENCH_EVENTS'] ?? 1_000_000);
const INDEXED_EVENTS = 100_000;

const STREAMS = 256;
const WORKERS = 5000;
/** One of so many events is the auditor's person's. */
const RARITY = 5000;
const CONNECTIONS = 8;
const INDEX_RATIO = 12;
const QUERY_RATIO = 0.005;

/** Claims and ends of units. */
const eventAt = (number: number): NewEvent => {
  const unit = (number * 7919) % 20_000;
  const site = `site-${number % 20}`;
  const end = { units: [[unit, unit]], status: 'complete', hours: 1.5, site, worker_id: `worker-${number % WORKERS}` };
  const claim = {
    units: [[unit, unit + (number % 4)]],
    status: 'queued',
    lease_id: randomUUID(),
    holder: 'pilots',
    site,
  };
  const actor = number % RARITY === 0 ? 'alice' : `pilot-${number % 50}`;
  return number % 2 === 0
    ? eventOf('UnitsClaimed', claim, number, actor)
    : eventOf('UnitSucceeded', end, number, actor);
};

const indexRow = async (): Promise<Row> => {
  const folder = mkdtempSync(join(tmpdir(), 'cairn-bench-audit-'));
  writeLedger(folder, appendsOf(INDEXED_EVENTS, STREAMS, eventAt));
  const ledger = await openLedger({ dataDir: folder });
  try {
    let round = 0;
    const time = await compareTimes(ROWS, async () => {
      round += 1;
      const startMs = performance.now();
      const index = await HistoryIndex.open({ file: join(folder, `history-${round}.sqlite`), ledger });
      await index.caughtUp();
      const seconds = (performance.now() - startMs) / 1000;
      await index.close();
      return seconds;
    });
    return {
      what: 'index of the history made anew, 100,000 events',
      figure: `${figure(INDEXED_EVENTS / time.seconds, 'events/s')} (rows: ${figure(time.yardstickSeconds, 's')})`,
      ...under(time.ratio, INDEX_RATIO, 'rows'),
      ...(time.void !== undefined && { void: time.void }),
    };
  } finally {
    await ledger.close();
    rmSync(folder, { recursive: true });
  }
};

const queryRow = async ({ environment, seconds }: Settings): Promise<Row> => {
  const cairn = new Embedded(environment);
  const hello = await startHello(seconds);
  try {
    writeLedger(cairn.dataDir, appendsOf(EVENTS, STREAMS, eventAt));
    await cairn.start();
    const path = '/cairn/history/events?actor=alice&type=UnitsClaimed&limit=50';
    while ((await cairn.send('GET', path)).status !== 200) await delay(1000);
    const token = await cairn.tokenFor('auditor', ['admin'], []);
    const url = `${cairn.url}${path}`;
    const load = { url, script: 'get.lua', token, connections: CONNECTIONS, seconds };
    const result = await compare({ yardstick: hello, load });
    return {
      what: `audit by actor and type, 50 of ${EVENTS.toLocaleString('en-US')} events`,
      figure: `${figure(result.ours.perSecond, '/s')}, p99 ${figure(result.ours.p99Ms, 'ms')}`,
      ...atLeast(result.ratio, QUERY_RATIO, 'hello'),
      ...(result.void !== undefined && { void: result.void }),
    };
  } finally {
    await hello.stop();
    await cairn.remove();
  }
};

/** Questions about everything that has happened. */
export const auditQuestions = async (settings: Settings): Promise<readonly Row[]> => [
  await indexRow(),
  await queryRow(settings),
];
