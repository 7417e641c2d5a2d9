import { createLog } from '#platform/logging.js';
import { SLOW_MS, logIfSlow } from './slow-requests.js';

describe('slow requests', () => {
  const request = { method: 'GET', path: '/datasets/d/tasks', status: 200, correlationId: 'c-1' };

  const logged = (elapsedMs: number): readonly unknown[] => {
    const lines: string[] = [];
    const log = createLog({ LOG_LEVEL: 'info' }, 'gateway', { write: (line: string) => void lines.push(line) });
    logIfSlow(log, { ...request, elapsedMs });
    return lines.map((line) => JSON.parse(line) as unknown);
  };

  it('are logged with method, path and duration', () => {
    const line = { ...request, level: 'info', elapsedMs: SLOW_MS + 1, msg: 'a request was slow' };
    expect(logged(SLOW_MS + 0.9)).toEqual([expect.objectContaining(line)]);
  });

  it('are the only ones that are logged', () => {
    expect(logged(SLOW_MS)).toEqual([]);
  });
});
