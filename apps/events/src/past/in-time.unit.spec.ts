import { setTimeout as delay } from 'node:timers/promises';
import { inTime } from './in-time.js';

describe('inTime', () => {
  it('passes on what comes in time, failures too', async () => {
    const deadlineMs = Date.now() + 60_000;
    await expect(inTime(delay(1, 'answer'), deadlineMs)).resolves.toBe('answer');
    await expect(inTime(Promise.reject(new Error('broken')), deadlineMs)).rejects.toThrow('broken');
  });

  it('refuses before the caller stops waiting', async () => {
    const deadlineMs = Date.now() + 2_030;
    await expect(inTime(new Promise(() => undefined), deadlineMs)).rejects.toMatchObject({
      kind: 'unavailable',
      code: 'past.preparing',
    });
    expect(Date.now()).toBeLessThan(deadlineMs);
  });
});
