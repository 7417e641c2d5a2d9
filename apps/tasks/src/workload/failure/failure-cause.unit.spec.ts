import { causeOf } from './failure-cause.js';

describe('causes of failures', () => {
  it.each([
    ['exit code 137', 'exit code 137'],
    ['job 01a228a1d0f727f29dd276ee00000000 lost at 0x7ffe12', 'job # lost at #'],
    ['used 4.25 GB of 40960 MB in 17 s', 'used # GB of # MB in 17 s'],
    ['pilot error 1305: the payload failed', 'pilot error 1305: the payload failed'],
    ['no file /data/6f1b2c3d-0000-4000-8000-123456789abc/out.root', 'no file /data/#/out.root'],
    ['deadbeef is a word, 1deadbeef is an id', 'deadbeef is a word, # is an id'],
    ['\n  first line\nsecond line', 'first line'],
    ['Traceback (most recent call last):\n  File "x.py", line 3\nValueError: no events\n', 'ValueError: no events'],
    [' \n ', 'no reason given'],
    ['', 'no reason given'],
  ])('are grouped without what varies: %j', (reason, cause) => {
    expect(causeOf(reason)).toBe(cause);
  });

  it('are short', () => {
    expect(causeOf('x y '.repeat(1_000_000))).toHaveLength(200);
  });
});
