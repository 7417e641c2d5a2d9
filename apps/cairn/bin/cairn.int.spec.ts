import { execFileSync, spawnSync } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join, resolve } from 'node:path';
import { eventually } from '#platform/testing/eventually.js';
import { startCairn } from '../src/demo/child.js';

const LAUNCHER = 'apps/cairn/bin/cairn.mjs';

/** Stands for npm: it installs a compiler that does nothing. */
const NPM = `#!/usr/bin/env node
import { mkdirSync, writeFileSync } from 'node:fs';
mkdirSync('node_modules/typescript-7/bin', { recursive: true });
writeFileSync('node_modules/typescript-7/bin/tsc', '');
console.log('npm is done');
`;

/** Stands for the bundler: it writes a program which prints its arguments. */
const BUNDLE = `
import { mkdirSync, writeFileSync } from 'node:fs';
mkdirSync('dist/apps/cairn/src', { recursive: true });
writeFileSync('dist/apps/cairn/src/main.js', 'console.log(process.argv.slice(2).join(" "))');
`;

describe('the launcher', () => {
  const root = mkdtempSync(join(tmpdir(), 'cairn-launcher-'));

  beforeAll(() => {
    for (const folder of ['apps/cairn/bin', 'libs', 'test', 'programs'])
      mkdirSync(join(root, folder), { recursive: true });
    cpSync(LAUNCHER, join(root, LAUNCHER));
    writeFileSync(join(root, 'package-lock.json'), '{}');
    writeFileSync(join(root, 'tsconfig.json'), '{}');
    writeFileSync(join(root, 'bundle.mjs'), BUNDLE);
    writeFileSync(join(root, 'programs', 'npm'), NPM);
    writeFileSync(join(root, 'programs', 'package.json'), '{"type":"module"}');
    chmodSync(join(root, 'programs', 'npm'), 0o755);
  });

  afterAll(() => rmSync(root, { recursive: true }));

  const launch = (...words: readonly string[]) => {
    const PATH = `${join(root, 'programs')}${delimiter}${process.env['PATH'] ?? ''}`;
    const env = { ...process.env, PATH };
    const { status, stdout, stderr } = spawnSync(process.execPath, [LAUNCHER, ...words], { cwd: root, env });
    return { status, stdout: stdout.toString(), stderr: stderr.toString() };
  };

  it('reports each step of the first start on stderr and runs the command', () => {
    expect(launch('token', '--user', 'a')).toEqual({
      status: 0,
      stdout: 'token --user a\n',
      stderr: 'cairn: installing dependencies\nnpm is done\ncairn: compiling\ncairn: bundling\n',
    });
  });

  it('prints nothing when everything is up to date', () => {
    expect(launch('verify')).toEqual({ status: 0, stdout: 'verify\n', stderr: '' });
  });

  it('compiles again when a source changes', () => {
    writeFileSync(join(root, 'libs', 'new.ts'), '');
    expect(launch('verify').stderr).toBe('cairn: compiling\ncairn: bundling\n');
  });

  it('builds again what was removed', () => {
    rmSync(join(root, 'dist'), { recursive: true });
    expect(launch('verify')).toEqual({ status: 0, stdout: 'verify\n', stderr: 'cairn: compiling\ncairn: bundling\n' });
  });

  it('leaves no server behind when it is killed', async () => {
    const { url, process: launcher } = await startCairn({ script: LAUNCHER, dataDir: join(root, 'data') });
    const answers = () =>
      fetch(`${url}/ping`)
        .then(() => true)
        .catch(() => false);
    expect(await answers()).toBe(true);
    launcher.kill('SIGKILL');
    await eventually(answers, false);
  });

  const inClone = existsSync('.git') ? it : it.skip;
  inClone('is committed as executable: npm makes it so, and the work tree stays clean', () => {
    expect(execFileSync('git', ['ls-files', '--stage', LAUNCHER]).toString()).toMatch(/^100755 /);
  });
});

describe('the bundler', () => {
  const EIGHT_DAYS_MS = 8 * 86_400_000;
  const root = mkdtempSync(join(tmpdir(), 'cairn-bundles-'));
  const sources = join(root, 'build/apps/some/src');
  const chunks = join(root, 'dist/chunks');
  afterAll(() => rmSync(root, { recursive: true }));

  /** Returns the chunks that are there, and makes them look old. */
  const build = (late: string): readonly string[] => {
    writeFileSync(join(sources, 'late.js'), late);
    execFileSync(process.execPath, [resolve('bundle.mjs')], { cwd: root, stdio: 'pipe' });
    const names = readdirSync(chunks).filter((name) => /^late-.*\.js$/.test(name));
    const old = new Date(Date.now() - EIGHT_DAYS_MS);
    for (const name of names) utimesSync(join(chunks, name), old, old);
    return names;
  };

  it('keeps what a Cairn may still import for a week after it was built anew, however old that is', () => {
    mkdirSync(sources, { recursive: true });
    writeFileSync(join(sources, 'main.js'), "console.log(await import('./late.js'));");
    const [first] = build('export const late = 1;');
    const second = build('export const late = 2;');
    expect(second).toHaveLength(2);
    expect(second).toContain(first);
    const third = build('export const late = 2;');
    expect(third).toEqual(second.filter((name) => name !== first));
  });
});
