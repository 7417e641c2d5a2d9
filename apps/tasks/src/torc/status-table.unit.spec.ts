import { JOB_STATUSES } from '#contracts/torc/statuses.js';
import { FAILED, OK, phaseOf, queueOf, satisfies } from './status-table.js';

describe('statuses of Torc jobs', () => {
  // Contract 4, row by row.
  it.each([
    ['uninitialized', 'held', undefined, false],
    ['blocked', 'blocked', undefined, false],
    ['ready', 'ready', 'torc.ready', false],
    ['scheduled', 'ready', 'torc.ready', false],
    ['submitted_pending', 'claimed', undefined, false],
    ['submitted', 'running', undefined, false],
    ['done', 'succeeded', undefined, true],
    ['terminated', 'failed', undefined, true],
    ['canceled', 'cancelled', undefined, true],
    ['disabled', 'held', undefined, false],
    ['melted', 'held', undefined, false],
  ])('%s has phase %s, queue %s, and satisfies dependencies: %s', (status, phase, queue, isComplete) => {
    expect([phaseOf(status, ''), queueOf(status), satisfies(status)]).toEqual([phase, queue, isComplete]);
  });

  it('are these', () => expect(JOB_STATUSES).toHaveLength(10));

  it('tell by the outcome whether a done job has succeeded', () => {
    expect([OK, FAILED].map((outcome) => phaseOf('done', outcome))).toEqual(['succeeded', 'failed']);
  });
});
