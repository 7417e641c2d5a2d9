import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { accessSync, chmodSync, constants, existsSync, mkdtempSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { delimiter, join } from 'node:path';
import type { Progress } from './reporter.js';

/** Folders of servers on Debian, which are not in the PATH of ordinary users. */
const SERVER_FOLDERS = ['/usr/sbin', '/usr/local/sbin', '/usr/local/bin'];
const path = [...new Set([...(process.env['PATH'] ?? '').split(delimiter), ...SERVER_FOLDERS])];
const environment = { ...process.env, PATH: path.join(delimiter) };

const succeeds = (command: string, args: readonly string[]): boolean =>
  spawnSync(command, args, { stdio: ['ignore', 'inherit', 'inherit'], env: environment }).status === 0;

const isQuietlyTrue = (command: string, args: readonly string[]): boolean =>
  spawnSync(command, args, { stdio: 'ignore', env: environment }).status === 0;

/** Programs that tests start, and the Debian packages that contain them. */
const PROGRAMS: readonly (readonly [program: string, debian: string])[] = [
  ['nats-server', 'nats-server'],
  ['slapd', 'slapd'],
  ['chromium', 'chromium'],
  ['openssl', 'openssl'],
  ['bwrap', 'bubblewrap'],
  ['python3', 'python3'],
];

/** Programs without which some tests are skipped. */
const OPTIONAL_PROGRAMS: typeof PROGRAMS = [['slurmctld', 'slurm-wlm']];

const missingOf = (programs: typeof PROGRAMS): typeof PROGRAMS =>
  programs.filter(([program]) => !path.some((folder) => existsSync(join(folder, program))));

/** Installs Debian packages if apt-get exists and may be used without a password. */
const install = (packages: readonly string[]): boolean => {
  // Server packages would otherwise ask questions and start the server.
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

/** Installs missing programs and returns the packages of those that are still missing. */
const ensurePrograms = (programs: typeof PROGRAMS): readonly string[] => {
  const packages = missingOf(programs).map(([, debian]) => debian);
  if (packages.length > 0) install(packages);
  return missingOf(programs).map(([, debian]) => debian);
};

/** A file system in memory. On a disk, each change of the hundreds of Cairns that run would wait 2 ms for it. */
const MEMORY = '/dev/shm';
/** Peak of what the tests keep in files, with what their processes take. */
const MEMORY_BYTES_MIN = 10 * 1024 ** 3;

/** 0 where there is no such file system, or it cannot be written to. */
const freeBytes = (folder: string): number => {
  try {
    accessSync(folder, constants.W_OK);
    const { bavail, bsize } = statfsSync(folder);
    return bavail * bsize;
  } catch {
    return 0;
  }
};

/** A new folder there for the files of the tests; undefined where memory is short or programs must not be run from there. */
const folderInMemory = (): string | undefined => {
  if (Math.min(freeBytes(MEMORY), process.availableMemory()) < MEMORY_BYTES_MIN) return undefined;
  const folder = mkdtempSync(join(MEMORY, 'cairn-tests-'));
  // As /tmp: tasks of tests run as other users, too.
  chmodSync(folder, 0o1777);
  const probe = join(folder, 'probe');
  writeFileSync(probe, '#!/bin/sh\n', { mode: 0o700 });
  if (isQuietlyTrue(probe, [])) return folder;
  rmSync(folder, { recursive: true });
  return undefined;
};

/** What processes of stopped tests still write must not keep the totals from being printed. */
const tryToRemove = (folder: string): void => {
  try {
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  } catch (error) {
    process.stdout.write(`${folder} could not be removed: ${String(error)}\n`);
  }
};

const seconds = (sinceMs: number): string => `${((performance.now() - sinceMs) / 1000).toFixed(1)} s`;

/** The child processes that run now; they are stopped together with this process. */
const running = new Set<ChildProcess>();
let stoppedBy: NodeJS.Signals | undefined;

/** Resolves with whether the exit code is 0. */
const run = (
  args: readonly string[],
  onProgress?: (progress: Progress) => void,
  variables: Readonly<Record<string, string>> = {},
): Promise<boolean> =>
  new Promise((settle, refuse) => {
    const child = spawn(process.execPath, args, {
      stdio: onProgress === undefined ? ['ignore', 'inherit', 'inherit'] : ['ignore', 'inherit', 'inherit', 'ipc'],
      env: { ...environment, ...variables },
    });
    running.add(child);
    child.on('message', (progress) => onProgress?.(progress as Progress));
    child.once('error', refuse);
    child.once('close', (code) => {
      running.delete(child);
      settle(code === 0);
    });
  });

const PRETTIER = 'node_modules/prettier/bin/prettier.cjs';
const DEPENDENCY_CRUISER = 'node_modules/dependency-cruiser/bin/dependency-cruise.mjs';

const CHECKS: Readonly<Record<string, readonly string[]>> = {
  format: [PRETTIER, '--check', 'apps', 'libs', 'test', '--log-level', 'warn'],
  lint: ['node_modules/eslint/bin/eslint.js', '--max-warnings', '0', 'apps', 'libs', 'test'],
  imports: [DEPENDENCY_CRUISER, '--config', '.ci/dependency-cruiser.cjs', '--output-type', 'err', 'apps', 'libs'],
};

/** Runs the checks one after the other, beside the tests; resolves with the names of those that failed. */
const check = async (): Promise<readonly string[]> => {
  const failed: string[] = [];
  for (const [name, args] of Object.entries(CHECKS)) {
    if (stoppedBy !== undefined) break;
    const startMs = performance.now();
    const isGood = await run(args);
    process.stdout.write(`check ${name}: ${isGood ? 'passed' : 'FAILED'} in ${seconds(startMs)}\n`);
    if (!isGood) failed.push(name);
  }
  return failed;
};

const JEST = [
  '--experimental-vm-modules',
  '--disable-warning=ExperimentalWarning',
  'node_modules/jest/bin/jest.js',
  ...['-c', 'test/jest.config.js', '--cacheDirectory', join(tmpdir(), `jest-cairn-${userInfo().uid}`)],
  ...['--reporters', '<rootDir>/build/test/reporter.js'],
  ...['--testSequencer', '<rootDir>/build/test/slow-first.js'],
];

/** Stops the running child; the totals are printed afterwards. */
const stopOn = (signal: NodeJS.Signals): void => {
  process.on(signal, () => {
    stoppedBy ??= signal;
    for (const child of running) child.kill('SIGTERM');
  });
};

/** `npm test` runs everything, `npm test -- libs/ledger` only the matching tests. */
const main = async (patterns: readonly string[]): Promise<number> => {
  const startMs = performance.now();
  stopOn('SIGINT');
  stopOn('SIGTERM');
  const missing = ensurePrograms(PROGRAMS);
  if (missing.length > 0) {
    process.stderr.write(
      `The tests need the programs of ${missing.join(' and ')} in the PATH: apt-get install ${missing.join(' ')} (nats-server 2.9 or newer)\n`,
    );
    return 1;
  }
  // A few tests that were asked for do not wait for them.
  if (patterns.length === 0) ensurePrograms(OPTIONAL_PROGRAMS);
  let progress: Progress = { suites: 0, suitesDone: 0, passed: 0, failed: 0, skipped: 0 };
  const inMemory = process.env['TMPDIR'] === undefined ? folderInMemory() : undefined;
  const onProgress = (latest: Progress): void => {
    progress = latest;
  };
  // Together, because no check has work for all processors.
  const [failedChecks, isTested] = await Promise.all([
    patterns.length > 0 ? [] : check(),
    run([...JEST, ...patterns], onProgress, inMemory === undefined ? {} : { TMPDIR: inMemory }),
  ]);
  if (inMemory !== undefined) tryToRemove(inMemory);
  if (failedChecks.length > 0) process.stdout.write(`Checks failed: ${failedChecks.join(', ')}\n`);
  const { suites, suitesDone, passed, failed, skipped } = progress;
  const ending = stoppedBy !== undefined ? `stopped by ${stoppedBy}` : suitesDone < suites ? 'ended early' : 'complete';
  // `.ci/run` reads this line.
  process.stdout.write(
    `Tests: ${passed} passed, ${failed} failed, ${skipped} skipped; ${suitesDone} of ${suites} suites, ${ending}, in ${seconds(startMs)}\n`,
  );
  return isTested && stoppedBy === undefined && failedChecks.length === 0 ? 0 : 1;
};

process.exitCode = await main(process.argv.slice(2));
