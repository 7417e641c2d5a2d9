import { isoDuration, Resources } from './resources.js';
import type { TorcJob } from './torc-documents.js';

const job = (num_cpus: number, memory_bytes: number, num_gpus: number): TorcJob => ({
  ...{ _key: '1', _id: 'jobs__9/1', _rev: 'r', command: 'c', status: 'submitted_pending', supports_termination: false },
  internal: { num_cpus, memory_bytes, num_gpus, num_nodes: 1, runtime_seconds: 60, scheduler_config_id: '' },
});

describe('the resources of a runner', () => {
  it('are what claimed jobs have left, to the byte', () => {
    const resources = new Resources({ cpus: 4, memoryBytes: 8 * 2 ** 30, gpus: 1 });
    const [large, small] = [job(3, 2 ** 30 + 1, 1), job(1, 3, 0)];
    resources.take(large);
    resources.take(small);
    const memory_gb = (7 * 2 ** 30 - 4) / 2 ** 30;
    expect(resources.left(undefined)).toEqual({ num_cpus: 0, memory_gb, num_gpus: 0, num_nodes: 1 });
    expect(resources.left(undefined).memory_gb * 2 ** 30).toBe(7 * 2 ** 30 - 4);
    expect(resources.isUsedUp).toBe(true);
    resources.giveBack(large);
    expect(resources.isUsedUp).toBe(false);
    resources.giveBack(small);
    expect(resources.left(12.5)).toEqual({
      num_cpus: 4,
      memory_gb: 8,
      num_gpus: 1,
      num_nodes: 1,
      time_limit: 'PT12.500S',
    });
  });

  it('fit a job like a claim of the server', () => {
    const resources = new Resources({ cpus: 2, memoryBytes: 100, gpus: 1 });
    expect(resources.fits(job(2, 100, 1), undefined)).toBe(true);
    expect(resources.fits(job(2, 100, 1), 60)).toBe(true);
    expect(resources.fits(job(2, 100, 1), 59.9)).toBe(false);
    for (const large of [job(3, 1, 0), job(1, 101, 0), job(1, 1, 2)]) {
      expect(resources.fits(large, undefined)).toBe(false);
    }
    const ofScheduler = { ...job(1, 1, 0), internal: { ...job(1, 1, 0).internal, scheduler_config_id: 's' } };
    expect(resources.fits(ofScheduler, undefined)).toBe(false);
  });

  it('offer no time once the time limit is over', () => {
    expect(isoDuration(-5)).toBe('-PT5.000S');
    expect(isoDuration(0.00001)).toBe('PT0.000S');
  });
});
