import { existsSync, mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { hashOutput, modificationTime } from './files-on-disk.js';
import { runScript, type ScriptRun } from './run-script.js';

describe('the command of a job', () => {
  let folder: string;
  const never = new AbortController().signal;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'cairn-script-'));
  });

  afterEach(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  const run = (script: string, interrupted = never, killAfterMs?: number): Promise<ScriptRun> =>
    runScript(script, {
      ...{ workdir: folder, environment: { PATH: process.env['PATH'] ?? '' }, outputs: folder, name: 'job' },
      end: { interrupted, halted: never },
      ...(killAfterMs !== undefined && { killAfterMs }),
    });

  it('runs in a shell, and all that it prints is kept', async () => {
    const ended = await run('seq 100000; echo "$((1 + 1)) late" >&2; exit 3');
    expect(ended).toMatchObject({ code: 3, lastWords: '2 late' });
    expect(readFileSync(join(folder, 'job.out'), 'utf8')).toHaveLength(588_895);
    expect(readFileSync(join(folder, 'job.err'), 'utf8')).toBe('2 late\n');
  });

  it('fails when the system cannot start it', async () => {
    expect(await run('echo \0')).toMatchObject({
      code: undefined,
      error: expect.stringContaining('null bytes') as string,
    });
    expect(await run(`: ${'x'.repeat(200_000)}`)).toMatchObject({
      code: undefined,
      error: expect.stringContaining('E2BIG') as string,
    });
  });

  it('is measured over time', async () => {
    const busy = `node -e 'const a = Buffer.alloc(60e6, 1); const end = Date.now() + 400; while (Date.now() < end) a.at(0);'`;
    const { usage } = await run(`sleep 0.3; ${busy}`);
    const { samples = 0, memoryBytes = 0, averageMemoryBytes = 0, cpu = 0, peakCpu = 0 } = usage;
    expect(samples).toBeGreaterThan(2);
    expect(memoryBytes).toBeGreaterThan(60e6);
    expect(averageMemoryBytes).toBeGreaterThan(0);
    // At first only the shell sleeps.
    expect(averageMemoryBytes).toBeLessThan(memoryBytes);
    expect(cpu).toBeGreaterThan(0);
    expect(peakCpu).toBeGreaterThanOrEqual(cpu);
  });

  it('gets SIGTERM and the time it needs to end', async () => {
    const end = new AbortController();
    const ended = run(
      `trap 'sleep 0.3; echo saved; exit 5' TERM; echo up > up; while :; do sleep 0.05; done`,
      end.signal,
    );
    while (!existsSync(join(folder, 'up'))) await new Promise((resume) => setTimeout(resume, 10));
    end.abort();
    expect(await ended).toMatchObject({ code: 5 });
    expect(readFileSync(join(folder, 'job.out'), 'utf8')).toBe('saved\n');
  });

  it('is killed when it does not end in time', async () => {
    const end = new AbortController();
    const ended = run(`trap '' TERM; echo up > up; while :; do sleep 0.05; done`, end.signal, 100);
    while (!existsSync(join(folder, 'up'))) await new Promise((resume) => setTimeout(resume, 10));
    end.abort();
    expect(await ended).toMatchObject({ signal: 'SIGKILL' });
  });

  it('leaves files whose times and hashes are those of Python and sha256sum', async () => {
    const file = join(folder, 'f');
    writeFileSync(file, 'abc');
    utimesSync(file, 1, 1772355300.25);
    expect(await modificationTime(file)).toBe(1772355300.25);
    expect(await modificationTime(join(folder, 'none'))).toBeUndefined();
    expect(await hashOutput('f', file)).toEqual({
      ...{ path: 'f', bytes: 3 },
      sha256: 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
    });
    expect(await hashOutput('.', folder)).toEqual({ path: '.', bytes: 0 });
  });
});
