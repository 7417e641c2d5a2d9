import { GuessLimit } from './guess-limit.js';

describe('the limit on guesses', () => {
  let now = 0;
  const limit = (): GuessLimit => new GuessLimit({ max: 3, lockMs: 1000, nowMs: () => now });
  const guess = (counted: GuessLimit, key: string, times: number): void => {
    for (let time = 0; time < times; time += 1) counted.begin(key);
  };

  beforeEach(() => (now = 0));

  it('locks a key after so many guesses, and no other key', () => {
    const counted = limit();
    guess(counted, 'pingu', 2);
    expect(counted.begin('pingu')).toBe(true);
    expect(counted.begin('pingu')).toBe(false);
    expect(counted.begin('pinga')).toBe(true);
  });

  it('locks for the whole time from the last guess on, and counts none meanwhile', () => {
    const counted = limit();
    guess(counted, 'pingu', 2);
    now = 900;
    guess(counted, 'pingu', 5);
    now = 1899;
    expect(counted.begin('pingu')).toBe(false);
    now = 1900;
    expect(counted.begin('pingu')).toBe(true);
  });

  it('forgets guesses that are long ago, so that rare ones never lock', () => {
    const counted = limit();
    for (now = 0; now < 10_000; now += 501) expect(counted.begin('pingu')).toBe(true);
  });

  it('does not count what was not wrong', () => {
    const counted = limit();
    for (let time = 0; time < 10; time += 1) {
      expect(counted.begin('pingu')).toBe(true);
      counted.takeBack('pingu');
    }
    guess(counted, 'pingu', 3);
    counted.takeBack('pingu');
    expect(counted.begin('pingu')).toBe(true);
    expect(counted.isLocked('pingu')).toBe(true);
    counted.forget('pingu');
    expect(counted.isLocked('pingu')).toBe(false);
  });

  it('remembers a bounded number of keys, the latest', () => {
    const counted = limit();
    guess(counted, 'old', 3);
    for (let name = 0; name < 30_000; name += 1) counted.begin(`name ${name}`);
    guess(counted, 'pingu', 3);
    for (let name = 0; name < 24_000; name += 1) counted.begin(`another name ${name}`);
    expect(counted.isLocked('old')).toBe(false);
    expect(counted.isLocked('pingu')).toBe(true);
  });
});
