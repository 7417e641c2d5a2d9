import { FairShares } from './fair-shares.js';

const takeAll = (shares: FairShares, client: string): number => {
  let taken = 0;
  while (shares.take(client)) taken += 1;
  return taken;
};

describe('fair shares', () => {
  it.each([
    [1, 16],
    [0.1, 3],
    [0.05, 2],
  ])('leave something to others: part %d', (part, taken) => {
    expect(takeAll(new FairShares({ places: 32, part }), 'greedy')).toBe(taken);
  });

  it('come to leave a place for newcomers, however many greedy ones there are', () => {
    const shares = new FairShares({ places: 32, part: 1 });
    const greedy = Array.from({ length: 15 }, (_, index) => `greedy ${index}`);
    for (let round = 0; round < 32; round += 1) {
      for (const client of greedy) {
        takeAll(shares, client);
        shares.giveBack(client);
      }
    }
    for (const client of greedy) takeAll(shares, client);
    expect(shares.take('newcomer')).toBe(true);
  });

  it('never exceed the places, and give them out again', () => {
    const shares = new FairShares({ places: 4, part: 1 });
    for (const client of ['a', 'b', 'c', 'd']) expect(shares.take(client)).toBe(true);
    expect(shares.take('e')).toBe(false);
    shares.giveBack('a');
    shares.giveBack('a');
    expect(shares.take('e')).toBe(true);
    expect(shares.take('a')).toBe(false);
  });
});
