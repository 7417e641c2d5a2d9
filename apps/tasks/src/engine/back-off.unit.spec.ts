import { pauseSeconds, retrySeconds } from './back-off.js';

describe('back-off', () => {
  it('of a unit doubles with each failure, up to ten minutes', () => {
    expect([1, 2, 3, 6, 7, 8, 1_000_000].map(retrySeconds)).toEqual([10, 20, 40, 320, 600, 600, 600]);
  });

  it('of a worker begins with the fifth failure in a row, up to a quarter of an hour', () => {
    expect([1, 4, 5, 6, 8, 9, 1_000_000].map(pauseSeconds)).toEqual([undefined, undefined, 60, 120, 480, 900, 900]);
  });
});
