import { type BufferState, JobBuffer } from './job-buffer.js';

const EMPTY: BufferState = { jobs: 0, tasks: 0, submitted: 10, sinceMicros: 1, configuredMicros: 1 };
const HALF: BufferState = { ...EMPTY, jobs: 5, tasks: 10 };

describe('the time when jobs are requested', () => {
  let buffer: JobBuffer;

  beforeEach(() => {
    buffer = new JobBuffer(10);
  });

  it('is now when there are none, and never when none are missing', () => {
    expect(buffer.dueInMs(1, EMPTY, 0)).toBe(0);
    expect(buffer.dueInMs(2, { ...EMPTY, jobs: 10 }, 0)).toBeUndefined();
    expect(buffer.dueInMs(2, { ...EMPTY, jobs: 11 }, 0)).toBeUndefined();
  });

  it('comes when jobs and tasks have stopped growing', () => {
    expect(buffer.dueInMs(1, { ...HALF, jobs: 4 }, 0)).toBe(10);
    expect(buffer.dueInMs(1, HALF, 9)).toBe(10);
    expect(buffer.dueInMs(1, HALF, 15)).toBe(4);
    expect(buffer.dueInMs(1, { ...HALF, tasks: 11 }, 18)).toBe(10);
    expect(buffer.dueInMs(1, { ...HALF, tasks: 11 }, 28)).toBe(0);
  });

  it.each<[string, Partial<BufferState>]>([
    ['its config', { configuredMicros: 2 }],
    ['its status', { sinceMicros: 2 }],
    ['its number of jobs', { submitted: 20 }],
  ])('is now when there are none and %s has changed', (_, change) => {
    expect(buffer.dueInMs(1, EMPTY, 0)).toBe(0);
    expect(buffer.dueInMs(1, EMPTY, 1)).toBe(9);
    expect(buffer.dueInMs(1, { ...EMPTY, ...change }, 2)).toBe(0);
  });

  it('is later after each request without effect, by at most ten minutes', () => {
    const waits: number[] = [];
    let nowMs = 0;
    for (let asked = 0; asked < 20; asked += 1) {
      expect(buffer.dueInMs(1, EMPTY, nowMs)).toBe(0);
      waits.push(buffer.waitMs(1));
      nowMs += buffer.waitMs(1);
    }
    expect(waits.slice(0, 4)).toEqual([10, 20, 40, 80]);
    expect(waits.at(-1)).toBe(600_000);
  });
});
