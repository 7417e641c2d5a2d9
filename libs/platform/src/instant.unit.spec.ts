import { formatTimestamp } from './clock.js';
import { readInstant } from './instant.js';

describe('readInstant', () => {
  it.each([
    ['2026-01-31T12:00:00Z', '2026-01-31T12:00:00.000000'],
    ['2026-01-31T12:00:00.000001Z', '2026-01-31T12:00:00.000001'],
    ['2026-01-31T12:00:00.5+02:00', '2026-01-31T10:00:00.500000'],
    ['2026-01-31T12:00-0130', '2026-01-31T13:30:00.000000'],
    ['2026-01-31t12:00:00.1234567z', '2026-01-31T12:00:00.123456'],
  ])('reads %s', (text, utc) => {
    expect(formatTimestamp(readInstant(text) ?? 0)).toBe(utc);
  });

  it.each([
    '',
    '2026-01-31',
    '2026-01-31T12:00:00',
    '2026-13-31T12:00:00Z',
    '1769860800',
    'now',
    '2026-01-31T12:00:00Z ',
  ])('takes %j for no time with a zone', (text) => {
    expect(readInstant(text)).toBeUndefined();
  });
});
