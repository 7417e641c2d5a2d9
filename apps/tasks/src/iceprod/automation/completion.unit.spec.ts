import { completionOfDataset, completionOfJob, stoppedBy, stopsWith } from './completion.js';

const counted = (counts: Readonly<Record<string, number>>): ReadonlyMap<string, number> =>
  new Map(Object.entries(counts));

describe('a processing job', () => {
  it.each([
    [{}, undefined],
    [{ complete: 0 }, undefined],
    [{ complete: 3 }, 'complete'],
    [{ complete: 2, suspended: 1 }, 'suspended'],
    [{ suspended: 1 }, 'suspended'],
    [{ complete: 1, failed: 1 }, 'errors'],
    [{ failed: 1, suspended: 1 }, 'errors'],
    [{ failed: 1, waiting: 1 }, undefined],
    [{ complete: 2, idle: 1 }, undefined],
    [{ complete: 2, odd: 1 }, undefined],
  ])('with tasks %j becomes %s', (tasks, status) => {
    expect(completionOfJob(counted(tasks))).toBe(status);
  });

  it.each([
    ['suspended', {}, false],
    ['suspended', { idle: 3 }, false],
    ['suspended', { idle: 2, complete: 1 }, true],
    ['errors', { idle: 3 }, true],
  ])('of a dataset in %s with tasks %j: stops %s', (dataset, tasks, stops) => {
    expect(stopsWith(dataset, counted(tasks))).toBe(stops);
  });

  it('leaves idle tasks of a suspended dataset alone, not those of one with errors', () => {
    expect([stoppedBy('suspended').includes('idle'), stoppedBy('errors').includes('idle')]).toEqual([false, true]);
  });
});

describe('a processing dataset', () => {
  it.each([
    [2, false, {}, undefined],
    [2, false, { complete: 1 }, undefined],
    [2, true, { complete: 1 }, 'complete'],
    [2, false, { complete: 2 }, 'complete'],
    [2, false, { complete: 1, processing: 1 }, undefined],
    [2, false, { complete: 1, errors: 1 }, 'errors'],
    [2, false, { suspended: 1, errors: 1 }, 'errors'],
    [2, false, { complete: 1, suspended: 1 }, 'suspended'],
    [2, true, {}, 'suspended'],
    [2, true, { processing: 1 }, undefined],
    [2, true, { errors: 1 }, 'errors'],
    [2, false, { processing: 2 }, undefined],
    [2, false, { complete: 3 }, 'complete'],
    [0, false, {}, 'suspended'],
  ])('of %i jobs, truncated %s, with %j becomes %s', (jobs, truncated, counts, status) => {
    expect(completionOfDataset({ jobs, truncated }, counted(counts))).toBe(status);
  });
});
