import { mkdirSync, readFileSync, statfsSync } from 'node:fs';
import { hostname, tmpdir, totalmem } from 'node:os';
import { join, resolve } from 'node:path';
import { parsedArgs, UsageError } from '../command-line.js';

export const PILOT_USAGE = `Usage: cairn pilot --url URL (--token TOKEN | --token-file FILE) [options]

Claims tasks from any server that speaks the IceProd API and runs their commands here.

  --url URL            address of the server
  --token TOKEN        bearer token with role system or admin; --token-file keeps it out of the process list
  --slots N            tasks at the same time (1)
  --cpus N             cores offered by each slot (1)
  --gpus N             GPUs offered by each slot (0: CPU tasks only)
  --memory GB          memory offered by each slot (this host's, divided by the slots)
  --disk GB            disk offered by each slot (what is free in the work folder, divided by the slots)
  --time HOURS         longest task taken (24)
  --site NAME          site to claim for (this host's name)
  --dataset ID         claim from this dataset only
  --workdir DIR        folder for the tasks' files; pilots that share it share the files of jobs (a folder in ${tmpdir()})
  --sources DIR        folder in which a relative src is looked up (.)
  --poll SECONDS       pause when there is nothing to claim (2)
  --max-failures N     attempts after which a task is reported as failed instead of reset (10)
  --grace SECONDS      time that running tasks get to end after SIGTERM before they are handed back (30)
  --exit-when-idle     end as soon as there is nothing to claim
  --keep               leave the tasks' work folders behind
`;

export interface PilotOptions {
  readonly url: string;
  readonly token: string;
  readonly slots: number;
  /** What one slot offers. */
  readonly offer: {
    readonly cpu: number;
    readonly gpu: number;
    readonly memory: number;
    readonly disk: number;
    readonly time: number;
    readonly site: string;
  };
  readonly dataset: string | undefined;
  readonly workdir: string;
  readonly sources: string;
  readonly pollMs: number;
  readonly failuresMax: number;
  readonly graceMs: number;
  readonly exitWhenIdle: boolean;
  readonly keep: boolean;
}

const SLOTS_MAX = 1024;
const BYTES_PER_GB = 1e9;

const number = (
  values: Readonly<Record<string, string | boolean | undefined>>,
  name: string,
  fallback: number,
  least = 0,
): number => {
  const text = values[name];
  const value = text === undefined ? fallback : Number(text);
  if (!Number.isFinite(value) || value < least || text === '')
    throw new UsageError(`--${name} must be a number from ${least} up`);
  return value;
};

const parse = (words: readonly string[]) =>
  parsedArgs({
    args: [...words],
    options: {
      url: { type: 'string' },
      token: { type: 'string' },
      'token-file': { type: 'string' },
      slots: { type: 'string' },
      cpus: { type: 'string' },
      gpus: { type: 'string' },
      memory: { type: 'string' },
      disk: { type: 'string' },
      time: { type: 'string' },
      site: { type: 'string' },
      dataset: { type: 'string' },
      workdir: { type: 'string' },
      sources: { type: 'string' },
      poll: { type: 'string' },
      'max-failures': { type: 'string' },
      grace: { type: 'string' },
      'exit-when-idle': { type: 'boolean' },
      keep: { type: 'boolean' },
    },
  }).values;

const freeDiskGb = (folder: string): number => {
  const { bavail, bsize } = statfsSync(folder);
  return (bavail * bsize) / BYTES_PER_GB;
};

const rounded = (value: number): number => Math.floor(value * 10) / 10;

const readToken = (file: string): string => {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch (error) {
    throw new UsageError(`--token-file cannot be read: ${(error as Error).message}`);
  }
};

/** @throws UsageError */
export const readOptions = (words: readonly string[]): PilotOptions => {
  const values = parse(words);
  if (values.url === undefined || !URL.canParse(values.url)) throw new UsageError('--url must be an address');
  const tokenFile = values['token-file'];
  const token = values.token ?? (tokenFile === undefined ? '' : readToken(tokenFile));
  if (token === '') throw new UsageError('--token or --token-file is needed');
  const slots = number(values, 'slots', 1, 1);
  if (!Number.isInteger(slots) || slots > SLOTS_MAX) throw new UsageError(`--slots must be at most ${SLOTS_MAX}`);
  const workdir = resolve(values.workdir ?? join(tmpdir(), 'cairn-pilot'));
  mkdirSync(workdir, { recursive: true });
  return {
    url: values.url,
    token,
    slots,
    offer: {
      cpu: number(values, 'cpus', 1),
      gpu: number(values, 'gpus', 0),
      memory: number(values, 'memory', rounded(totalmem() / slots / BYTES_PER_GB)),
      disk: number(values, 'disk', rounded(freeDiskGb(workdir) / slots)),
      time: number(values, 'time', 24),
      site: values.site ?? hostname(),
    },
    dataset: values.dataset,
    workdir,
    sources: resolve(values.sources ?? '.'),
    pollMs: number(values, 'poll', 2) * 1000,
    failuresMax: number(values, 'max-failures', 10, 1),
    graceMs: number(values, 'grace', 30) * 1000,
    exitWhenIdle: values['exit-when-idle'] ?? false,
    keep: values.keep ?? false,
  };
};
