import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';

const TOTALS = /^Tests: (\d+) passed, (\d+) failed, \d+ skipped; (\d+) of (\d+) suites, (.*), in [\d.]+ s$/;

/** Runs what `npm test` runs, for some suites; `onLine` gets each line of its output. */
const runSuites = async (pattern: string, onLine: (line: string, stop: () => void) => void = () => undefined) => {
  const child = spawn(process.execPath, ['build/test/run-all.js', pattern], { stdio: ['ignore', 'pipe', 'ignore'] });
  const lines: string[] = [];
  let rest = '';
  child.stdout.on('data', (chunk: Buffer) => {
    const parts = `${rest}${chunk.toString()}`.split('\n');
    rest = parts.pop() ?? '';
    for (const line of parts) {
      lines.push(line);
      onLine(line, () => child.kill('SIGTERM'));
    }
  });
  const exitCode = await new Promise<number | null>((settle) => child.once('close', settle));
  return { exitCode, lines, totals: TOTALS.exec(lines.at(-1) ?? '') };
};

describe('npm test', () => {
  it('prints a line for each suite, then the totals that .ci/run reads', async () => {
    const { exitCode, lines, totals } = await runSuites('test/bench/table.unit');
    expect(exitCode).toBe(0);
    expect(lines[0]).toMatch(/^\[1\/1\] +[\d.]+ s +\d+ passed {2}test\/bench\/table\.unit\.spec\.ts$/);
    expect(totals?.slice(2)).toEqual(['0', '1', '1', 'complete']);
    expect(Number(totals?.[1])).toBeGreaterThan(0);
    expect(readFileSync('.ci/run', 'utf8')).toContain(`grep -E '^Tests: '`);
  });

  it('prints the totals so far when it is stopped', async () => {
    const { exitCode, totals } = await runSuites('libs/platform/.*unit', (line, stop) => {
      if (/^\[ *1\//.test(line)) stop();
    });
    expect(exitCode).toBe(1);
    expect(totals?.[5]).toBe('stopped by SIGTERM');
    expect(Number(totals?.[3])).toBeLessThan(Number(totals?.[4]));
  });
});
