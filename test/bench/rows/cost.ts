import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Row } from '../table.js';

const SUITES = {
  cost: 'no request costs more than in proportion to its size',
  'large-bodies': 'others wait under 100 ms for the largest bodies',
  'shared-file': 'three processes share a ledger fairly, no event loop stalled',
} as const;

const JEST = [
  '--experimental-vm-modules',
  '--disable-warning=ExperimentalWarning',
  'node_modules/jest/bin/jest.js',
  ...['-c', 'test/bench/jest.config.js', '--runInBand'],
];

/** What requests of growing size cost, and how long others wait for them: suites that say which request is at fault. */
export const costOfRequests = async (): Promise<readonly Row[]> => {
  const rows: Row[] = [];
  for (const [suite, what] of Object.entries(SUITES)) {
    const jest = spawn(process.execPath, [...JEST, `bench/${suite}.bench`], { stdio: ['ignore', 2, 2] });
    const [code] = (await once(jest, 'close')) as [number | null];
    rows.push({ what, figure: code === 0 ? 'passed' : 'failed', reach: 'passed', isMet: code === 0 });
  }
  return rows;
};
