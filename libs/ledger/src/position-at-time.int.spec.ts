import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { NO_STREAM } from './ledger.js';
import { PastLedger } from './past-ledger.js';
import { positionAtTime } from './position-at-time.js';
import { SqliteLedger } from './sqlite-ledger.js';
import { someEvent, someMetadata } from './testing/new-events.js';

describe('positionAtTime', () => {
  let folder: string;
  let ledger: SqliteLedger;
  const times = [10, 20, 20, 20, 35, 36, 90];

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'cairn-position-'));
    ledger = await SqliteLedger.open(join(folder, 'ledger.sqlite'));
    for (const [index, timeMicros] of times.entries()) {
      // As in a ledger whose positions have gaps.
      const other = { ...someEvent(), metadata: { ...someMetadata(), timeMicros } };
      await ledger.append(`other-${index}`, NO_STREAM, [other]);
      await ledger.append('work-a', index - 1, [{ ...someEvent(), metadata: { ...someMetadata(), timeMicros } }]);
    }
  });

  afterAll(async () => {
    await ledger.close();
    rmSync(folder, { recursive: true });
  });

  it.each([9, 10, 19, 20, 21, 35, 36, 89, 90, 91])('is where the ledger ended at %i', async (time) => {
    const earlier = times.filter((each) => each <= time).length;
    expect(await positionAtTime(ledger, time)).toBe(earlier * 2);
    const [last] = await ledger.readStream('work-a', { from: earlier - 1, limit: earlier === 0 ? 0 : 1 });
    const sparse = new PastLedger(ledger, await ledger.head(), ['work-a']);
    expect(await positionAtTime(sparse, time)).toBe(last?.position ?? 0);
  });
});
