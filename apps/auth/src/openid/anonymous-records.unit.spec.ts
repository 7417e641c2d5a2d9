import { jest } from '@jest/globals';
import { ANONYMOUS_SECONDS, AnonymousRecords } from './anonymous-records.js';

const makeAll = (records: AnonymousRecords, client: string): number => {
  let made = 0;
  while (records.take(client)) {
    records.keep(client);
    made += 1;
  }
  return made;
};

describe('records of anonymous clients', () => {
  beforeEach(() => jest.useFakeTimers());
  afterEach(() => jest.useRealTimers());

  it('are bounded for each client until they have expired', () => {
    const records = new AnonymousRecords();
    expect(makeAll(records, 'greedy')).toBe(477);
    expect(makeAll(records, 'other')).toBeGreaterThan(400);
    jest.setSystemTime(Date.now() + ANONYMOUS_SECONDS * 1000 - 1);
    expect(records.take('greedy')).toBe(false);
    jest.setSystemTime(Date.now() + 1);
    expect(makeAll(records, 'greedy')).toBe(477);
  });

  it('are bounded in all, and do not count when none was made', () => {
    const records = new AnonymousRecords();
    let made = 0;
    for (let client = 0; client < 20_000; client += 1) {
      if (!records.take(`client ${client}`)) continue;
      made += 1;
      records.keep(`client ${client}`);
    }
    expect(made).toBe(10_000);
    jest.setSystemTime(Date.now() + ANONYMOUS_SECONDS * 1000);
    for (let time = 0; time < 20_000; time += 1) {
      expect(records.take('modest')).toBe(true);
      records.giveBack('modest');
    }
  });
});
