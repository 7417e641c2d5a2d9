import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** Debian puts servers where the PATH of ordinary users does not look. */
const SERVER_FOLDERS = ['/usr/sbin', '/usr/local/sbin', '/usr/local/bin'];
const path = [...new Set([...(process.env['PATH'] ?? '').split(delimiter), ...SERVER_FOLDERS])];
const environment = { ...process.env, PATH: path.join(delimiter) };

const succeeds = (command: string, args: readonly string[]): boolean =>
  spawnSync(command, args, { stdio: ['ignore', 'inherit', 'inherit'], env: environment }).status === 0;

const isQuietlyTrue = (command: string, args: readonly string[]): boolean =>
  spawnSync(command, args, { stdio: 'ignore', env: environment }).status === 0;

/** Programs that tests start, and Debian's packages of them. */
const PROGRAMS: readonly (readonly [program: string, debian: string])[] = [
  ['nats-server', 'nats-server'],
  ['slapd', 'slapd'],
  ['chromium', 'chromium'],
  ['openssl', 'openssl'],
];

const missingPrograms = (): typeof PROGRAMS =>
  PROGRAMS.filter(([program]) => !path.some((folder) => existsSync(join(folder, program))));

/** Debian's own packages, when this machine has apt-get and lets us use it. */
const install = (packages: readonly string[]): boolean => {
  // A server's package starts it and asks how to set it up; neither is wanted here.
  const quiet = ['env', 'DEBIAN_FRONTEND=noninteractive', 'RUNLEVEL=1'];
  const prefix = process.getuid?.() === 0 ? quiet : ['sudo', '-n', ...quiet];
  const aptGet = (...args: readonly string[]): boolean => {
    const [command = '', ...rest] = [...prefix, 'apt-get', ...args];
    return succeeds(command, rest);
  };
  if (!isQuietlyTrue('apt-get', ['--version'])) return false;
  if (prefix[0] === 'sudo' && !isQuietlyTrue('sudo', ['-n', 'true'])) return false;
  return aptGet('update', '-qq') && aptGet('install', '-y', '-qq', '--no-install-recommends', ...packages);
};

/** Names of programs that are missing and cannot be had. */
const ensurePrograms = (): readonly string[] => {
  const packages = missingPrograms().map(([, debian]) => debian);
  if (packages.length > 0) install(packages);
  return missingPrograms().map(([program]) => program);
};

const node = (...args: readonly string[]): boolean => succeeds(process.execPath, args);

const jest = (...args: readonly string[]): boolean =>
  node(
    '--experimental-vm-modules',
    '--disable-warning=ExperimentalWarning',
    'node_modules/jest/bin/jest.js',
    '-c',
    'test/jest.config.js',
    ...args,
  );

const CHECKS: readonly (readonly [name: string, run: () => boolean])[] = [
  [
    'format',
    () => node('node_modules/prettier/bin/prettier.cjs', '--check', 'apps', 'libs', 'test', '--log-level', 'warn'),
  ],
  ['lint', () => node('node_modules/eslint/bin/eslint.js', '--max-warnings', '0', 'apps', 'libs', 'test')],
  [
    'imports',
    () =>
      node(
        'node_modules/dependency-cruiser/bin/dependency-cruise.mjs',
        '--config',
        '.ci/dependency-cruiser.cjs',
        '--output-type',
        'err-long',
        'apps',
        'libs',
      ),
  ],
];

/** `npm test`: everything. `npm test -- libs/ledger`: only the tests that are named. */
const main = (patterns: readonly string[]): number => {
  const missing = ensurePrograms();
  if (missing.length > 0) {
    process.stderr.write(
      `The tests need ${missing.join(' and ')} in the PATH: apt-get install ${missing.join(' ')} (nats-server 2.9 or newer)\n`,
    );
    return 1;
  }
  const failed = patterns.length > 0 ? [] : CHECKS.filter(([, run]) => !run()).map(([name]) => name);
  const isTested = jest(...patterns);
  if (failed.length > 0) process.stderr.write(`Checks failed: ${failed.join(', ')}\n`);
  return isTested && failed.length === 0 ? 0 : 1;
};

process.exitCode = main(process.argv.slice(2));
