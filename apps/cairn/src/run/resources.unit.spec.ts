import { isoDuration, Resources } from './resources.js';
import type { TorcJob } from './torc-documents.js';

const job = (num_cpus: number, memory_bytes: number, num_gpus: number): TorcJob => ({
  ...{ _key: '1', _id: 'jobs__9/1', _rev: 'r', command: 'c', status: 'submitted_pending', supports_termination: false },
  internal: { num_cpus, memory_bytes, num_gpus, runtime_seconds: 60 },
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

  it('offer no time once the time limit is over', () => {
    expect(isoDuration(-5)).toBe('-PT5.000S');
    expect(isoDuration(0.00001)).toBe('PT0.000S');
  });
});
