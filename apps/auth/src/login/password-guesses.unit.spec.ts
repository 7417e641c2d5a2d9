import { PasswordGuesses } from './password-guesses.js';

const ADDRESS = '192.0.2.1';

describe('the limits on wrong passwords', () => {
  const guesses = new PasswordGuesses();
  const guess = (username: string, address: string, outcome: 'right' | false | undefined) =>
    guesses.guess({ username, address }, () => Promise.resolve(outcome));
  const fail = async (times: number, username: (time: number) => string, address: string): Promise<void> => {
    for (let time = 0; time < times; time += 1) expect(await guess(username(time), address, false)).toBe(false);
  };

  it('lock a name for the client that guesses, and for nobody else', async () => {
    await fail(10, () => 'pingu', '192.0.2.10');
    expect(await guess('pingu', '192.0.2.10', 'right')).toBe('locked');
    expect(await guess('pinga', '192.0.2.10', 'right')).toBe('right');
    expect(await guess('pingu', '192.0.2.11', 'right')).toBe('right');
  });

  it('take a network of IPv6 for one client', async () => {
    await fail(10, () => 'pingu', '2001:db8::1');
    expect(await guess('pingu', '2001:db8::ffff:1', 'right')).toBe('locked');
    expect(await guess('pingu', '2001:db8:0:1::1', 'right')).toBe('right');
  });

  it('count guesses that are under way', async () => {
    let wrong: (outcome: false) => void = () => undefined;
    const slow = new Promise<false>((settle) => (wrong = settle));
    const checks = Array.from({ length: 15 }, () => guesses.guess({ username: 'slow', address: ADDRESS }, () => slow));
    wrong(false);
    expect((await Promise.all(checks)).filter((outcome) => outcome === 'locked')).toHaveLength(5);
  });

  it('count nothing that was not checked', async () => {
    for (let time = 0; time < 60; time += 1) expect(await guess('away', '192.0.2.20', undefined)).toBeUndefined();
    const broken = guesses.guess({ username: 'away', address: '192.0.2.20' }, () => Promise.reject(new Error('x')));
    await expect(broken).rejects.toThrow('x');
    expect(await guess('away', '192.0.2.20', 'right')).toBe('right');
  });

  it('lock a client that tries many names, but not those who logged in from there', async () => {
    const address = '192.0.2.30';
    expect(await guess('neighbour', address, 'right')).toBe('right');
    await fail(50, (time) => `name ${time}`, address);
    expect(await guess('another', address, 'right')).toBe('locked');
    expect(await guess('neighbour', address, 'right')).toBe('right');
    await fail(10, () => 'neighbour', address);
    expect(await guess('neighbour', address, 'right')).toBe('locked');
    expect(await guess('another', '192.0.2.31', 'right')).toBe('right');
  });

  it('are not lifted by logins of the one who guesses', async () => {
    const address = '192.0.2.40';
    for (let time = 0; time < 50; time += 1) {
      expect(await guess('mine', address, 'right')).toBe('right');
      expect(await guess(`name ${time}`, address, false)).toBe(false);
    }
    expect(await guess('another', address, 'right')).toBe('locked');
  });
});
