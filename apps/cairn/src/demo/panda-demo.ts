import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { objectIn } from '#platform/json-object.js';
import { HttpClient } from '../worker/http-client.js';
import { FixedToken } from '../worker/token-source.js';
import { type Child, startScript } from './child.js';

const TASK = 'examples/panda/pi.json';
const POLL_MS = 200;
const TIMEOUT_MS = 2 * 60_000;
/** Statuses in which nothing more happens. */
const FINAL = ['done', 'finished', 'failed', 'broken', 'aborted', 'exhausted'];
/** Largest distance from the known number, in standard errors. */
const PULL_MAX = 4;

interface Demonstration {
  /** Path of `main.js`, compiled. */
  readonly main: string;
  readonly url: string;
  /** Of a user who is a pilot too. */
  readonly token: string;
  /** Is removed at the end. */
  readonly folder: string;
  /** Gets the processes that are started. */
  readonly children: Child[];
  readonly print: (line?: string) => void;
}

/**
 * Submits a task of PanDA, as its clients do, and runs its ten jobs with `cairn pilot --dialect panda`. Resolves with whether their results are
 * right.
 */
export const demonstratePanda = async (demonstration: Demonstration): Promise<boolean> => {
  const { main, url, token, folder, children, print } = demonstration;
  const client = new HttpClient({
    ...{ url, token: new FixedToken(token), headers: { origin: 'wlcg' } },
    // Failures that are not handled are plain text.
    reasonIn: (text) => text,
  });
  const call = async (path: string, body?: string): Promise<unknown> => {
    const request = body === undefined ? ({ method: 'GET' } as const) : ({ method: 'POST', body } as const);
    const text = await client.send({ ...request, path: `/api/v1/task/${path}` });
    const { success, message, data } = objectIn(text) ?? {};
    if (success !== true) throw new Error(`${path}: ${typeof message === 'string' ? message : text}`);
    return data;
  };
  print('PanDA: π by ten jobs without input (POST /api/v1/task/submit, cairn pilot --dialect panda)');
  const id = Number(await call('submit', readFileSync(TASK, 'utf8')));
  const tokenFile = join(folder, 'panda.token');
  writeFileSync(tokenFile, token, { mode: 0o600 });
  const outputs = join(folder, 'panda-outputs');
  const settings = {
    url,
    'token-file': tokenFile,
    site: 'LOCAL',
    workdir: join(folder, 'panda'),
    outputs,
    poll: '0.2',
  };
  const words = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, value]);
  const pilot = startScript(main, ['pilot', '--dialect', 'panda', ...words]);
  children.push(pilot);
  let lost: string | undefined;
  void pilot.ended.then((code) => (lost = `the pilot ended with code ${code}`));
  const untilMs = performance.now() + TIMEOUT_MS;
  let status: unknown;
  for (;;) {
    const before = status;
    status = await call(`get_status?task_id=${id}`);
    if (status !== before) print(`  task ${id} is ${String(status)}`);
    if (FINAL.includes(String(status))) break;
    if (lost !== undefined) throw new Error(lost);
    if (performance.now() > untilMs) throw new Error(`task ${id} is not done after ${TIMEOUT_MS / 1000} s`);
    await delay(POLL_MS);
  }
  await pilot.stop();
  if (status !== 'done') return false;
  const counts = readdirSync(outputs)
    .filter((name) => name.endsWith('hits.txt'))
    .map((name) => readFileSync(join(outputs, name), 'utf8').split(' ').map(Number));
  const [hits, points] = [0, 1].map((at) => counts.reduce((sum, row) => sum + (row[at] ?? NaN), 0));
  if (hits === undefined || points === undefined) return false;
  const share = hits / points;
  const [pi, error] = [4 * share, 4 * Math.sqrt((share * (1 - share)) / points)];
  print(`  π is ${pi.toFixed(4)} ± ${error.toFixed(4)}, from ${counts.length} files`);
  return Math.abs(pi - Math.PI) <= PULL_MAX * error;
};
