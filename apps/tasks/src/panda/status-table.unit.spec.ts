import { JOB_STATUSES } from '#contracts/panda/statuses.js';
import { phaseOf, queueOf } from './status-table.js';

// Contract 4.2.1, row by row.
const ROWS = [
  ['pending', 'held', undefined],
  ['waiting', 'held', undefined],
  ['defined', 'held', undefined],
  ['assigned', 'held', undefined],
  ['activated', 'ready', 'panda.activated'],
  ['throttled', 'held', undefined],
  ['sent', 'claimed', undefined],
  ['starting', 'claimed', undefined],
  ['running', 'running', undefined],
  ['holding', 'running', undefined],
  ['transferring', 'running', undefined],
  ['merging', 'running', undefined],
  ['finished', 'succeeded', undefined],
  ['failed', 'failed', undefined],
  ['cancelled', 'cancelled', undefined],
  ['closed', 'cancelled', undefined],
] as const;

describe('statuses of PanDA jobs', () => {
  it.each(ROWS)('%s has phase %s and queue %s', (status, phase, queue) => {
    expect([phaseOf(status), queueOf(status)]).toEqual([phase, queue]);
  });

  it('are these, in this order', () => expect(ROWS.map(([status]) => status)).toEqual(JOB_STATUSES));

  it('mean nothing when they are unknown', () => {
    expect([phaseOf('melted'), queueOf('melted')]).toEqual(['held', undefined]);
  });
});
