import { TASK_STATUSES } from '#contracts/iceprod/statuses.js';
import { iceprodPolicy } from './policy.js';
import { mayMove } from './status-table.js';

describe('task statuses', () => {
  // Contract 7.2, row by row.
  it.each([
    ['idle', ['waiting', 'suspended']],
    ['waiting', ['queued', 'idle', 'suspended']],
    ['queued', ['processing', 'idle', 'waiting', 'suspended', 'failed', 'complete']],
    ['processing', ['idle', 'waiting', 'queued', 'suspended', 'failed', 'complete']],
    ['suspended', ['idle', 'waiting']],
    ['failed', ['idle', 'waiting']],
    ['complete', []],
    ['melted', []],
  ])('%s may become %j', (from, allowed) => {
    expect(TASK_STATUSES.filter((to) => mayMove(from, to)).sort()).toEqual([...allowed].sort());
  });

  it('decide in which ready queue a task is', () => {
    const queues = ['idle', 'waiting', 'queued', 'melted'].map((status) => [
      iceprodPolicy.queueOf(status, false),
      iceprodPolicy.queueOf(status, true),
    ]);
    expect(queues).toEqual([
      [undefined, undefined],
      ['iceprod.waiting', 'iceprod.waiting'],
      ['iceprod.pilots', undefined],
      [undefined, undefined],
    ]);
  });

  it('have a phase each, and unknown words are held', () => {
    expect([...TASK_STATUSES, 'melted'].map((status) => iceprodPolicy.phaseOf(status, ''))).toEqual([
      ...['held', 'ready', 'claimed', 'running', 'held', 'failed', 'succeeded'],
      'held',
    ]);
  });
});
