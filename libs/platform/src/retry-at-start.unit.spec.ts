import { type Log } from './logging.js';
import { retryAtStart } from './retry-at-start.js';

describe('retryAtStart', () => {
  const lines: string[] = [];
  const note = (_: object, line: string): void => void lines.push(line);
  const log: Log = { debug: note, info: note, warn: note, error: note };

  beforeEach(() => lines.splice(0));

  it('waits until the other is there, and says once that it waits', async () => {
    let attempts = 0;
    const attempt = (): Promise<string> =>
      ++attempts < 4 ? Promise.reject(new Error('Leader info available')) : Promise.resolve('connected');
    await expect(retryAtStart('the ledger', attempt, { withinMs: 10_000, log })).resolves.toBe('connected');
    expect(lines).toEqual(['the start waits for the ledger', 'the ledger is there now']);
  });

  it('ends with the last failure when the time is over', async () => {
    const attempt = (): Promise<void> => Promise.reject(new Error('ECONNREFUSED'));
    await expect(retryAtStart('NATS', attempt, { withinMs: 300, log })).rejects.toThrow('ECONNREFUSED');
  });
});
