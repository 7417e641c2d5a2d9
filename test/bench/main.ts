import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { auditQuestions } from './rows/audit.js';
import { costOfRequests } from './rows/cost.js';
import { historyOfEvents } from './rows/history.js';
import { iceprodCalls } from './rows/iceprod.js';
import { onEventStoreDb } from './rows/eventstoredb.js';
import { coldStart } from './rows/start.js';
import { feedLag } from './rows/feed.js';
import { unitLists } from './rows/lists.js';
import { millionUnits } from './rows/million.js';
import { overNats } from './rows/nats.js';
import { pandaJobs } from './rows/panda.js';
import { eventRanges } from './rows/ranges.js';
import { torcWorkflows } from './rows/torc.js';
import { singleUnits } from './rows/single.js';
import type { Settings } from './settings.js';
import { renderTable, type Row } from './table.js';
import { hasWrk, WRK_MISSING } from './wrk.js';

const USAGE = `Usage: npm run bench -- [single] [million] [start] [iceprod] [lists] [torc] [panda] [ranges] [cost] [audit] [history] [nats] [feed]
       [eventstoredb] [--seconds N] [--profile DIR]

Measures what Cairn must reach; without names everything. The part eventstoredb needs a server in EVENTSTORE_URL, to
which it writes. --seconds is the length of a round (5).
--profile writes where Cairn's time goes, for the performance tools of browsers; the figures suffer.
`;

const GROUPS: Readonly<Record<string, (settings: Settings) => Promise<readonly Row[]>>> = {
  single: singleUnits,
  million: millionUnits,
  start: coldStart,
  iceprod: iceprodCalls,
  lists: unitLists,
  torc: torcWorkflows,
  panda: pandaJobs,
  ranges: eventRanges,
  cost: costOfRequests,
  audit: auditQuestions,
  history: historyOfEvents,
  nats: overNats,
  feed: feedLag,
  eventstoredb: onEventStoreDb,
};

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    seconds: { type: 'string', default: '5' },
    profile: { type: 'string' },
    help: { type: 'boolean', short: 'h', default: false },
  },
});

const profiling = (folder: string | undefined): Readonly<Record<string, string>> =>
  folder === undefined ? {} : { NODE_OPTIONS: `--cpu-prof --cpu-prof-dir=${resolve(folder)}` };

const bench = async (): Promise<number> => {
  const names = positionals.length > 0 ? positionals : Object.keys(GROUPS);
  const seconds = Number(values.seconds);
  if (values.help || !(seconds >= 1) || names.some((name) => !Object.hasOwn(GROUPS, name))) {
    process.stderr.write(USAGE);
    return values.help ? 0 : 2;
  }
  if (!(await hasWrk())) {
    process.stderr.write(`${WRK_MISSING}\n`);
    return 1;
  }
  const eventStoreUrl = process.env['EVENTSTORE_URL'];
  // All other rows measure the SQLite ledger.
  delete process.env['EVENTSTORE_URL'];
  const settings = { seconds: Math.floor(seconds), environment: profiling(values.profile), eventStoreUrl };
  const rows: Row[] = [];
  for (const name of names) {
    process.stderr.write(`measuring: ${name}\n`);
    rows.push(...((await GROUPS[name]?.(settings)) ?? []));
  }
  process.stdout.write(`${renderTable(rows)}\n`);
  return rows.every((row) => row.isMet && row.void === undefined) ? 0 : 1;
};

process.exitCode = await bench();
