import { createLog } from '#platform/logging.js';
import { SLOW_MS, logIfSlow } from './slow-requests.js';

describe('slow requests', () => {
  const request = { method: 'GET', path: '/datasets/d/tasks', status: 200, correlationId: 'c-1' };

  const told = (elapsedMs: number): readonly unknown[] => {
    const lines: string[] = [];
    const log = createLog({ LOG_LEVEL: 'info' }, 'gateway', { write: (line: string) => void lines.push(line) });
    logIfSlow(log, { ...request, elapsedMs });
    return lines.map((line) => JSON.parse(line) as unknown);
  };

  it('are told with what was asked and how long it took', () => {
    const line = { ...request, level: 'info', elapsedMs: SLOW_MS + 1, msg: 'a request was slow' };
    expect(told(SLOW_MS + 0.9)).toEqual([expect.objectContaining(line)]);
  });

  it('are the only ones that are told', () => {
    expect(told(SLOW_MS)).toEqual([]);
  });
});
