import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { CAIRN_PROGRAM } from '#platform/program-path.js';
import {
  arrayOf,
  isObject,
  member,
  NumberText,
  numberOf,
  objectOf,
  parseJson,
  textOf,
  toText,
  writeJson,
  type Json,
} from '#contracts/iceprod/config/json.js';
import { RestClient } from '../pilot/rest-client.js';
import { FixedToken } from '../worker/token-source.js';
import { printedBy, startCairn, startScript, type Child } from './child.js';
import { exactRmsDistance, readSums, rmsDistance } from './photon-result.js';
import { demonstratePanda } from './panda-demo.js';
import { progressOn, tableOf, type Counts } from './progress.js';
import { demonstrateTorc } from './torc-demo.js';

const JOBS = 20;
const PILOTS = ['pilot-1', 'pilot-2'];
const POLL_MS = 200;
const TIMEOUT_MS = 5 * 60_000;
/** Largest distance between the computed and the exact number, in standard errors. */
const PULL_MAX = 4;
/** `POST /task_actions/waiting` takes no more. */
const PROMOTED_MAX = 100;

const EXAMPLES = 'examples/iceprod';

const print = (line = ''): void => {
  process.stdout.write(`${line}\n`);
};

const resultOf = (answer: Json): string => textOf(answer, 'result').split('/').at(-1) ?? '';

interface Clients {
  /** A user, who submits the dataset and reads its results. */
  readonly alice: RestClient;
  /** The experiment's production system: makes jobs and tasks and decides when a task may start. */
  readonly production: RestClient;
}

/** `POST /datasets` and `PUT /config`, as a user does. */
const submit = async ({ alice }: Clients, configText: string): Promise<string> => {
  const config = parseJson(configText);
  const kinds = arrayOf(config, 'tasks').length;
  const datasetId = resultOf(
    await alice.post('/datasets', {
      description: textOf(config, 'description'),
      jobs_submitted: JOBS,
      tasks_submitted: JOBS * kinds,
      tasks_per_job: kinds,
      group: 'simprod',
    }),
  );
  await alice.put(`/config/${datasetId}`, configText);
  return datasetId;
};

/** `POST /jobs` and `POST /tasks` for everything that the config describes. */
const materialize = async ({ production }: Clients, datasetId: string): Promise<void> => {
  const kinds = arrayOf(await production.get(`/config/${datasetId}`), 'tasks');
  for (let jobIndex = 0; jobIndex < JOBS; jobIndex += 1) {
    const jobId = resultOf(await production.post('/jobs', { dataset_id: datasetId, job_index: jobIndex }));
    const taskIds = new Map<string, string>();
    for (const [taskIndex, kind] of kinds.entries()) {
      const name = textOf(kind, 'name');
      const task = {
        dataset_id: datasetId,
        job_id: jobId,
        task_index: new NumberText(String(taskIndex)),
        job_index: new NumberText(String(jobIndex)),
        name,
        depends: arrayOf(kind, 'depends').map((parent) => taskIds.get(toText(parent)) ?? ''),
        requirements: objectOf(kind, 'requirements'),
      };
      const answer = await production.post('/tasks', writeJson(task));
      taskIds.set(name, resultOf(answer));
    }
  }
};

/** Sets idle tasks whose parents are complete to waiting, as Cairn's automation does. */
const promote = async ({ production }: Clients, datasetId: string): Promise<void> => {
  const tasks = await production.get(`/datasets/${datasetId}/tasks?keys=task_id|status|depends`);
  if (!isObject(tasks)) return;
  const ready = Object.entries(tasks).filter(
    ([, task]) =>
      textOf(task, 'status') === 'idle' &&
      arrayOf(task, 'depends').every((parent) => textOf(member(tasks, toText(parent)), 'status') === 'complete'),
  );
  for (let first = 0; first < ready.length; first += PROMOTED_MAX) {
    const ids = ready.slice(first, first + PROMOTED_MAX).map(([id]) => id);
    await production.post('/task_actions/waiting', { task_ids: ids });
  }
};

const countsOf = (answer: Json): Counts =>
  new Map(
    (isObject(answer) ? Object.entries(answer) : []).map(([name, statuses]) => [
      name,
      new Map(
        (isObject(statuses) ? Object.keys(statuses) : []).map((status) => [status, numberOf(statuses, status) ?? 0]),
      ),
    ]),
  );

const isAllComplete = (counts: Counts, kinds: number): boolean =>
  counts.size === kinds && [...counts.values()].every((statuses) => statuses.size === 1 && statuses.has('complete'));

/** Shows the progress until all tasks are complete. */
const follow = async (
  clients: Clients,
  datasetId: string,
  kinds: number,
  pilots: readonly Child[],
): Promise<Counts> => {
  const progress = progressOn(process.stdout);
  const untilMs = performance.now() + TIMEOUT_MS;
  let lost: string | undefined;
  for (const pilot of pilots) void pilot.ended.then((code) => (lost = `a pilot ended with code ${code}`));
  for (;;) {
    await promote(clients, datasetId);
    const counts = countsOf(await clients.alice.get(`/datasets/${datasetId}/task_counts/name_status`));
    progress.show(counts);
    if (isAllComplete(counts, kinds)) return counts;
    if (lost !== undefined) throw new Error(lost);
    if (performance.now() > untilMs) throw new Error(`not complete after ${TIMEOUT_MS / 1000} s`);
    await delay(POLL_MS);
  }
};

/** Prints the physical result, from the statistics of the last tasks, beside the exact one; resolves with whether they agree. */
const compareWithExact = async ({ alice }: Clients, datasetId: string): Promise<boolean> => {
  const parameters = member(member(await alice.get(`/config/${datasetId}`), 'steering'), 'parameters');
  const parameter = (name: string): number => numberOf(parameters, name) ?? NaN;
  const tasks = await alice.get(`/datasets/${datasetId}/tasks?name=analyze&keys=task_id`);
  const reports = await Promise.all(
    Object.keys(isObject(tasks) ? tasks : {}).map(async (taskId) => {
      const records = await alice.get(`/datasets/${datasetId}/tasks/${taskId}/task_stats?last=true`);
      const [record] = isObject(records) ? Object.values(records) : [];
      return readSums(member(member(record, 'stats'), 'task_stats'));
    }),
  );
  const sums = reports.filter((report) => report !== undefined);
  const { value, error } = rmsDistance(sums);
  const exact = exactRmsDistance(
    parameter('scattering_length_m'),
    parameter('mean_cosine'),
    parameter('absorption_length_m'),
  );
  const pull = (value - exact) / error;
  const photons = sums.reduce((total, { photons: count }) => total + count, 0);
  print();
  print(`Result: root mean square distance from emission to absorption, ${photons.toLocaleString('en-US')} photons`);
  print(`  computed  ${value.toFixed(3)} ± ${error.toFixed(3)} m`);
  print(`  exact     ${exact.toFixed(3)} m`);
  print(`  pull      ${pull >= 0 ? '+' : ''}${pull.toFixed(2)} standard errors`);
  return sums.length === JOBS && Math.abs(pull) <= PULL_MAX;
};

/** Prints the history of the first task that was retried; resolves with whether there is one. */
const printHistory = async ({ alice }: Clients, datasetId: string): Promise<boolean> => {
  const tasks = await alice.get(`/datasets/${datasetId}/tasks?keys=task_id|failures|name|job_index`);
  const retried = Object.values(isObject(tasks) ? tasks : {}).filter((task) => (numberOf(task, 'failures') ?? 0) > 0);
  const [first] = retried;
  print();
  if (first === undefined) {
    print('No task was retried, but one kind fails on its first attempt.');
    return false;
  }
  const taskId = textOf(first, 'task_id');
  const history = await alice.get(`/cairn/history/units/${taskId}`);
  const entries = arrayOf(history, 'events');
  print(
    `${retried.length} tasks were retried. History of ${textOf(first, 'name')} of job ${textOf(first, 'job_index')} (${taskId}):`,
  );
  for (const entry of entries) {
    const data = objectOf(entry, 'data');
    const status = textOf(data, 'status');
    const [reason = ''] = textOf(data, 'reason').split('\n');
    const words = [textOf(entry, 'event').padEnd(13), status === '' ? '' : `-> ${status}`, reason && `(${reason})`];
    print(`  ${textOf(entry, 'time')}  ${textOf(entry, 'actor').padEnd(10)}  ${words.join(' ').trimEnd()}`);
  }
  return entries.length > 0;
};

const run = async (folder: string, children: Child[]): Promise<boolean> => {
  const dataDir = join(folder, 'data');
  const cairn = await startCairn({ script: CAIRN_PROGRAM, dataDir, environment: { CAIRN_AUTOMATION: 'off' } });
  children.push(cairn);
  print(`Cairn listens at ${cairn.url} and stores its data in ${dataDir}`);

  const token = (...words: readonly string[]): Promise<string> =>
    printedBy(CAIRN_PROGRAM, ['token', ...words, '--hours', '24'], { CAIRN_DATA_DIR: dataDir });
  const tokenOf = (user: string, role: string): Promise<string> =>
    token('--user', user, '--role', role, '--group', 'simprod');
  const [pandaToken, alice, production, ...pilotTokens] = await Promise.all([
    token('--user', 'duser', '--name', 'Demo User', '--group', 'wlcg', '--group', 'wlcg/pilot'),
    tokenOf('alice', 'user'),
    tokenOf('production', 'system'),
    ...PILOTS.map((name) => tokenOf(name, 'worker')),
  ]);
  const clients = {
    alice: new RestClient({ url: cairn.url, token: new FixedToken(alice) }),
    production: new RestClient({ url: cairn.url, token: new FixedToken(production) }),
  };

  const configText = readFileSync(join(EXAMPLES, 'photons-in-ice.json'), 'utf8');
  const kinds = arrayOf(parseJson(configText), 'tasks').map((kind) => textOf(kind, 'name'));
  const datasetId = await submit(clients, configText);
  const dataset = await clients.alice.get(`/datasets/${datasetId}`);
  print(`Dataset ${textOf(dataset, 'dataset')} (${datasetId}): ${textOf(dataset, 'description')}`);
  await materialize(clients, datasetId);
  print(`${JOBS} jobs, each ${kinds.join(' -> ')}: ${JOBS * kinds.length} tasks`);

  const pilots = PILOTS.map((name, index) => {
    const tokenFile = join(folder, `${name}.token`);
    writeFileSync(tokenFile, pilotTokens[index] ?? '', { mode: 0o600 });
    const options = { url: cairn.url, 'token-file': tokenFile, site: name, workdir: join(folder, 'work') };
    const settings = { ...options, sources: EXAMPLES, poll: '0.2', memory: '1', disk: '1' };
    // Nobody but root may be able to read a clone of root's, and these tasks are our own.
    const more = process.getuid?.() === 0 ? { 'task-user': 'root' } : {};
    return startScript(CAIRN_PROGRAM, [
      'pilot',
      ...Object.entries({ ...settings, ...more }).flatMap(([key, value]) => [`--${key}`, value]),
    ]);
  });
  children.push(...pilots);
  print(`Pilots: ${PILOTS.map((name, index) => `${name} (process ${String(pilots[index]?.process.pid)})`).join(', ')}`);
  print();

  const counts = await follow(clients, datasetId, kinds.length, pilots);
  const isRight = await compareWithExact(clients, datasetId);
  print();
  print('Tasks by name and status');
  for (const line of tableOf(counts)) print(line);
  const hasHistory = await printHistory(clients, datasetId);
  print();
  const isTorcRight = await demonstrateTorc({ main: CAIRN_PROGRAM, folder, children, print });
  print();
  const isPandaRight = await demonstratePanda({
    ...{ main: CAIRN_PROGRAM, url: cairn.url, token: pandaToken, folder, children, print },
  });
  return isRight && hasHistory && isTorcRight && isPandaRight;
};

/** Runs a real computation on an embedded Cairn; resolves with the exit code. */
const demonstrate = async (): Promise<number> => {
  const folder = mkdtempSync(join(tmpdir(), 'cairn-demo-'));
  const children: Child[] = [];
  const clean = async (): Promise<void> => {
    // Pilots first: they report to Cairn when they end.
    for (const child of children.splice(0).reverse()) await child.stop();
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  };
  const interrupt = (): void => void clean().then(() => process.exit(130));
  process.once('SIGINT', interrupt);
  process.once('SIGTERM', interrupt);
  try {
    const isGood = await run(folder, children);
    print();
    print(isGood ? 'All complete and the numbers are right.' : 'Something is wrong.');
    return isGood ? 0 : 1;
  } finally {
    await clean();
  }
};

process.exitCode = await demonstrate();
