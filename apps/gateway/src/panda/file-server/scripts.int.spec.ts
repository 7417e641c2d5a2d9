import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

const SCRIPTS = resolve('apps/gateway/assets/trf/user');

interface Ended {
  readonly code: number;
  readonly output: string;
}

describe('scripts that jobs run', () => {
  const folder = mkdtempSync(join(tmpdir(), 'cairn-trf-'));
  const cache = join(folder, 'cache');
  let server: Server;
  let url: string;
  let job: string;

  beforeAll(async () => {
    mkdirSync(cache);
    server = createServer((request, response) => {
      const file = join(folder, decodeURIComponent(request.url ?? ''));
      if (existsSync(file)) response.end(readFileSync(file));
      else response.writeHead(404).end();
    });
    await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
    url = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`;
  });

  beforeEach(() => {
    job = mkdtempSync(join(folder, 'job-'));
  });

  afterAll(() => {
    server.close();
    rmSync(folder, { recursive: true });
  });

  const script = async (name: string, ...options: readonly string[]): Promise<Ended> => {
    try {
      const { stdout, stderr } = await run('python3', [join(SCRIPTS, name), ...options], { cwd: job });
      return { code: 0, output: stdout + stderr };
    } catch (error) {
      const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string };
      return { code, output: stdout + stderr };
    }
  };

  const archive = async (name: string, files: Readonly<Record<string, string>>): Promise<void> => {
    const source = mkdtempSync(join(folder, 'source-'));
    mkdirSync(join(source, 'sub'));
    for (const [file, text] of Object.entries(files)) writeFileSync(join(source, file), text, { mode: 0o755 });
    await run('tar', ['-czf', join(cache, name), '-C', source, '.']);
  };

  const contentOf = (name: string): string => readFileSync(join(job, name), 'utf8');

  it('run a command as prun describes it, and rename its output', async () => {
    await archive('jobO.1.tar.gz', { 'hello.sh': '#!/bin/sh\necho "hello $1" > out.txt\n' });
    const ended = await script(
      'runGen-00-00-02',
      ...['-j', '', '--sourceURL', url, '-r', '.', '-a', 'jobO.1.tar.gz'],
      ...['-o', "{'out.txt': 'user.demo.10000001._000001.out.txt'}"],
      ...['-p', './hello.sh%20%22big%20world%22', '--inputGUIDs', '[]', '--lfcHost', 'nowhere', '--usePFCTurl'],
    );
    expect(ended).toMatchObject({ code: 0 });
    expect(contentOf('user.demo.10000001._000001.out.txt')).toBe('hello big world\n');
  });

  it('give the command its inputs, in its folder', async () => {
    await archive('jobO.2.tar.gz', { 'sub/all.sh': '#!/bin/sh\ncat $(echo $1 | tr , " ") list > out.txt\n' });
    writeFileSync(join(job, 'in1'), 'one\n');
    writeFileSync(join(job, 'in2'), 'two\n');
    const options = ['--sourceURL', url, '-r', 'sub/', '-a', 'jobO.2.tar.gz', '-i', "['in1', 'in2']"];
    const ended = await script(
      'runGen-00-00-02',
      ...options,
      ...['-o', "{'out.txt': 'result'}", '-p', './all.sh %IN', '--writeInputToTxt', 'IN:list'],
    );
    expect(ended).toMatchObject({ code: 0 });
    expect(contentOf('result')).toBe('one\ntwo\nin1\nin2\n');
    expect(await script('runGen-00-00-02', '-i', "['in3']", '-p', 'true')).toMatchObject({ code: 11 });
  });

  it('pack what a pattern finds', async () => {
    const ended = await script('runGen-00-00-02', '-p', 'echo a > a.dat; echo b > b.dat', '-o', "{'*.dat': 'all.tgz'}");
    expect(ended).toMatchObject({ code: 0 });
    const { stdout } = await run('tar', ['-tzf', join(job, 'all.tgz')]);
    expect(stdout).toBe('a.dat\nb.dat\n');
  });

  it('make a library that jobs use', async () => {
    await archive('sources.1.tar.gz', { 'tool.sh': '#!/bin/sh\ncat built > out.txt\n' });
    const sources = ['--sourceURL', url, '-i', 'sources.1.tar.gz', '-o', 'lib.tgz', '-r', '.'];
    expect(await script('buildGen-00-00-01', ...sources, '--bexec', 'echo%20made%20%3E%20built')).toMatchObject({
      code: 0,
    });
    const ended = await script(
      'runGen-00-00-02',
      ...['-l', 'lib.tgz', '-r', './', '-p', './tool.sh', '-o', "{'out.txt': 'out'}"],
    );
    expect(ended).toMatchObject({ code: 0 });
    expect(contentOf('out')).toBe('made\n');
    expect(await script('buildGen-00-00-01', ...sources, '--bexec', 'exit 5')).toMatchObject({ code: 5 });
  });

  it.each<[string, readonly string[], number]>([
    ['the code of the command', ['-p', 'exit 3'], 3],
    ['the signal that ended the command', ['-p', 'kill -9 $$'], 137],
    ['no command', [], 10],
    ['no server', ['-p', 'true', '-a', 'jobO.1.tar.gz'], 10],
    ['outputs that are no map', ['-p', 'true', '-o', '__import__("os")'], 10],
    ['no library', ['-p', 'true', '-l', 'absent.tgz'], 11],
  ])('end with %s', async (_why, options, code) => {
    expect(await script('runGen-00-00-02', ...options)).toMatchObject({ code });
  });

  it('end with an error when the archive is none', async () => {
    writeFileSync(join(cache, 'wrong.tar.gz'), 'no archive');
    const options = ['-p', 'true', '--sourceURL', url, '-a', 'wrong.tar.gz'];
    expect(await script('runGen-00-00-02', ...options)).toMatchObject({ code: 143 });
  });
});
