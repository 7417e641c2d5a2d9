import { Attempts } from './attempts.js';

describe('attempts', () => {
  let now = 0;
  const attempts = (): Attempts => new Attempts({ max: 3, lockMs: 1000, nowMs: () => now });
  const fail = (counted: Attempts, name: string, times: number): void => {
    for (let time = 0; time < times; time += 1) counted.failed(name);
  };

  beforeEach(() => (now = 0));

  it('lock a name after so many failures, and no other name', () => {
    const counted = attempts();
    fail(counted, 'pingu', 2);
    expect(counted.isLocked('pingu')).toBe(false);
    fail(counted, 'pingu', 1);
    expect(counted.isLocked('pingu')).toBe(true);
    expect(counted.isLocked('pinga')).toBe(false);
  });

  it('forget after a while, or after a success', () => {
    const counted = attempts();
    fail(counted, 'pingu', 3);
    now = 999;
    expect(counted.isLocked('pingu')).toBe(true);
    now = 1000;
    expect(counted.isLocked('pingu')).toBe(false);
    fail(counted, 'pingu', 2);
    counted.succeeded('pingu');
    fail(counted, 'pingu', 2);
    expect(counted.isLocked('pingu')).toBe(false);
  });

  it('forget the oldest names first, so that many others do not free one', () => {
    const counted = attempts();
    fail(counted, 'old', 3);
    fail(counted, 'pingu', 2);
    for (let name = 0; name < 9999; name += 1) counted.failed(`name ${name}`);
    expect(counted.isLocked('old')).toBe(false);
    fail(counted, 'pingu', 1);
    expect(counted.isLocked('pingu')).toBe(true);
  });
});
