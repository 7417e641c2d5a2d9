import { spawn } from 'node:child_process';

/** Runs what `npm run demo` runs. */
const demo = (): Promise<{ readonly code: number | null; readonly lines: readonly string[] }> =>
  new Promise((settle, refuse) => {
    const child = spawn(process.execPath, ['dist/apps/cairn/src/demo/demo.js'], { stdio: ['ignore', 'pipe', 'pipe'] });
    let text = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (part: Buffer) => (text += part.toString()));
    child.once('error', refuse);
    child.once('close', (code) => {
      settle({ code, lines: text.split('\n') });
    });
  });

describe('the demonstration', () => {
  it('computes the right results, retries tasks, prints the history of one, and survives a kill', async () => {
    const { code, lines } = await demo();
    const jsonAnswer = (pattern: RegExp): readonly string[] => lines.filter((line) => pattern.test(line));
    expect({ code, end: lines.at(-2) }).toEqual({ code: 0, end: 'All complete and the numbers are right.' });
    expect(jsonAnswer(/computed +62\.\d+ ± 0\.0\d+ m/)).toHaveLength(1);
    expect(jsonAnswer(/^ {2}(generate|propagate|analyze) +20 complete$/)).toHaveLength(3);
    expect(jsonAnswer(/^20 tasks were retried/)).toHaveLength(1);
    expect(jsonAnswer(/lifetime {2}2\.\d{3} ± 0\.\d{3} µs, known 2\.197 µs/)).toHaveLength(1);
    expect(jsonAnswer(/killed after \d+ jobs/)).toHaveLength(1);
    expect(jsonAnswer(/100 of 100 jobs are done with return code 0/)).toHaveLength(1);
    const history = jsonAnswer(/^ {2}\d{4}-\d\d-\d\dT/).map((line) => line.trim().split(/ +/).slice(1, 3));
    expect(history.map(([, event]) => event)).toEqual([
      'UnitAdded',
      'UnitsMoved',
      'UnitsClaimed',
      'UnitStarted',
      'LogStored',
      'LogStored',
      'TaskStatRecorded',
      'UnitFailed',
      'UnitsClaimed',
      'UnitStarted',
      'LogStored',
      'LogStored',
      'TaskStatRecorded',
      'UnitSucceeded',
    ]);
    expect(history.map(([actor]) => actor)).toEqual(
      expect.arrayContaining(['production', expect.stringMatching(/^pilot-[12]$/)]),
    );
  });
});
