import { secondsOf } from './slurm-time.js';

it.each([
  ['30', 1_800],
  ['4:59', 299],
  ['04:00:00', 14_400],
  ['1-12', 129_600],
  ['1-00:30', 88_200],
  ['2-01:02:03', 176_523],
  ['0:00', 0],
  ['UNLIMITED', undefined],
  ['INVALID', undefined],
  ['', undefined],
  ['1:2:3:4', undefined],
])('a time of Slurm: %j', (text, seconds) => {
  expect(secondsOf(text)).toBe(seconds);
});
