import type { JobStatus } from '#contracts/torc/statuses.js';
import { progressOn } from './progress.js';

const counts = (entries: Partial<Record<JobStatus, number>>): ReadonlyMap<JobStatus, number> =>
  new Map(Object.entries(entries) as [JobStatus, number][]);

const recorder = (isTTY: boolean) => {
  let text = '';
  const output = { write: (part: string) => (text += part), isTTY, columns: 60 };
  return { progress: progressOn(output), text: () => text };
};

describe('the progress of a run', () => {
  it('is a line for each change where no terminal is', () => {
    const { progress, text } = recorder(false);
    progress.show({ counts: counts({ ready: 2, done: 0 }), running: [] });
    progress.show({ counts: counts({ ready: 2, done: 0 }), running: ['a'] });
    progress.note('failed    a: \u001b[2J');
    progress.show({ counts: counts({ ready: 1, done: 1 }), running: [] });
    const lines = text().trimEnd().split('\n');
    expect(lines).toEqual([
      expect.stringMatching(/^ +\d\.\d s {2}2 ready$/),
      'failed    a: \uFFFD[2J',
      expect.stringMatching(/^ +\d\.\d s {2}1 ready, 1 done$/),
    ]);
  });

  it('is redrawn below the notes on a terminal, and fits into a line', () => {
    const { progress, text } = recorder(true);
    progress.show({ counts: counts({ ready: 1, submitted: 1, done: 2 }), running: ['x'.repeat(100)] });
    progress.note('done      a');
    const [first = '', second = ''] = text().split('\u001b[2A\r\u001b[0J');
    const lines = first.trimEnd().split('\n');
    expect(lines[0]).toMatch(/^█{20}▒{10}·{10} 0\.\d s {2}1 ready/);
    expect(lines.map((line) => line.length)).toEqual([59, 59]);
    expect(second).toBe(`done      a\n${first}`);
    const before = text();
    progress.end();
    progress.note('report');
    expect(text()).toBe(`${before}\u001b[2A\r\u001b[0Jreport\n`);
  });
});
