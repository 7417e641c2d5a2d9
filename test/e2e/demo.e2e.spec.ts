import { spawn } from 'node:child_process';

/** What it has printed by then tells more than a test that is over. */
const LIMIT_MS = 240_000;

/** Runs what `npm run demo` runs. */
const demo = (): Promise<{ readonly code: number | null; readonly lines: readonly string[] }> =>
  new Promise((settle, refuse) => {
    const child = spawn(process.execPath, ['dist/apps/cairn/src/demo/demo.js'], { stdio: ['ignore', 'pipe', 'pipe'] });
    const timer = setTimeout(() => child.kill('SIGTERM'), LIMIT_MS);
    let text = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (part: Buffer) => (text += part.toString()));
    child.once('error', refuse);
    child.once('close', (code) => {
      clearTimeout(timer);
      settle({ code, lines: text.split('\n') });
    });
  });

/** Logs of continuous integration show little more than the end of what is printed. */
const LINES_TOLD = 40;

describe('the demonstration', () => {
  it('computes the right results, retries tasks, prints the history of one, and survives a kill', async () => {
    const { code, lines } = await demo();
    const matching = (pattern: RegExp): readonly string[] => lines.filter((line) => pattern.test(line));
    const history = matching(/^ {2}\d{4}-\d\d-\d\dT/).map((line) => line.trim().split(/ +/).slice(1, 3));
    try {
      expect({ code, end: lines.at(-2) }).toEqual({ code: 0, end: 'All complete and the numbers are right.' });
      expect(matching(/computed +62\.\d+ ± 0\.0\d+ m/)).toHaveLength(1);
      expect(matching(/^ {2}(generate|propagate|analyze) +20 complete$/)).toHaveLength(3);
      expect(matching(/^20 tasks were retried/)).toHaveLength(1);
      expect(matching(/lifetime {2}2\.\d{3} ± 0\.\d{3} µs, known 2\.197 µs/)).toHaveLength(1);
      expect(matching(/killed after \d+ jobs/)).toHaveLength(1);
      expect(matching(/100 of 100 jobs are done with return code 0/)).toHaveLength(1);
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
    } catch (error) {
      throw new Error(`${(error as Error).message}\n\nIt printed:\n${lines.slice(-LINES_TOLD).join('\n')}`, {
        cause: error,
      });
    }
  }, 300_000);
});
