import { setTimeout as delay } from 'node:timers/promises';
import { Rounds } from './rounds.js';
import { eventually } from './testing/eventually.js';

describe('rounds', () => {
  it('come again, also after one has failed', async () => {
    const errors: unknown[] = [];
    let count = 0;
    const rounds = new Rounds(
      () => Promise.reject(new Error(String((count += 1)))),
      (error) => errors.push(error),
    );
    rounds.start(5, 1);
    await eventually(() => Promise.resolve(errors.length >= 3), true);
    await rounds.stop();
    expect(errors.slice(0, 2)).toEqual([new Error('1'), new Error('2')]);
  });

  it('never overlap, and stop after the one that is going on', async () => {
    let [going, most, ended] = [0, 0, 0];
    const rounds = new Rounds(async () => {
      going += 1;
      most = Math.max(most, going);
      while (!rounds.isStopped) await delay(2);
      going -= 1;
      ended += 1;
    }, fail);
    rounds.start(2, 1);
    await eventually(() => Promise.resolve(going), 1);
    const begun = rounds.begin();
    await delay(20);
    await rounds.stop();
    await begun;
    expect([most, ended]).toEqual([1, 1]);
    await delay(10);
    expect(ended).toBe(1);
  });
});

const fail = (error: unknown): void => {
  throw new Error('a round failed', { cause: error });
};
