import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Embedded } from './embedded.js';
import type { Cairn } from '../harness/cairn-process.js';
import { HttpClient } from '../harness/http-client.js';
import { numberIn, textIn } from '../harness/json-fields.js';

/** `POST /cairn/iceprod/datasets/{id}/tasks` takes this many units at once. */
export const UNITS_AT_ONCE = 100_000;

interface Shape {
  readonly name: string;
  readonly depends: readonly number[];
  readonly requirements: object;
  readonly status: string;
}

/** `count` kinds of tasks that all ask for something else, so that each is a class of the ready queue. */
export const classes = (count: number, status: string): readonly Shape[] =>
  Array.from({ length: count }, (_, index) => ({
    name: `kind-${index}`,
    depends: [],
    requirements: { memory: 1 + index / 1000 },
    status,
  }));

/** A client that sends requests to Cairn. */
export type Sender = Pick<Embedded, 'ask' | 'dataDir' | 'send'>;

/** Sends requests as an administrator. */
export const senderOf = async (cairn: Cairn): Promise<Sender> => {
  const token = await cairn.token({ username: 'root', roles: ['admin', 'system'] });
  const client = new HttpClient(cairn, token);
  const send: Sender['send'] = (method, path, body) =>
    client.send(method, path, body === undefined ? {} : { body: JSON.stringify(body) });
  return {
    dataDir: cairn.dataDir,
    send,
    ask: async (method, path, body) => {
      const { status, text } = await send(method, path, body);
      if (status !== 200 && status !== 201) throw new Error(`${method} ${path}: ${status} ${text}`);
      return JSON.parse(text) as unknown;
    },
  };
};

export const addDataset = async (cairn: Sender, description: string, group = 'simprod'): Promise<string> => {
  const body = { description, jobs_submitted: 1, tasks_submitted: 1, tasks_per_job: 1, group };
  return textIn(await cairn.ask('POST', '/datasets', body), 'result');
};

/** Adds `units` units from job `firstJob` on, as few requests as may be; resolves with the next free job. */
export const addUnits = async (
  cairn: Sender,
  dataset: string,
  shapes: readonly Shape[],
  units: number,
  firstJob = 0,
): Promise<number> => {
  const jobsAtOnce = Math.max(1, Math.floor(UNITS_AT_ONCE / shapes.length));
  const lastJob = firstJob + Math.ceil(units / shapes.length);
  for (let job = firstJob; job < lastJob; job += jobsAtOnce) {
    const count = Math.min(jobsAtOnce, lastJob - job);
    await cairn.ask('POST', `/cairn/iceprod/datasets/${dataset}/tasks`, { first_job_index: job, count, tasks: shapes });
  }
  return lastJob;
};

/** Ids of all tasks of a dataset, also written to a file for wrk. */
export const taskIds = async (
  cairn: Sender,
  dataset: string,
): Promise<{ readonly ids: readonly string[]; readonly file: string }> => {
  const { text } = await cairn.send('GET', `/datasets/${dataset}/tasks?keys=task_id`);
  const ids = Object.keys(JSON.parse(text) as object);
  const file = join(cairn.dataDir, `${dataset}.ids`);
  writeFileSync(file, `${ids.join('\n')}\n`);
  return { ids, file };
};

export const countIn = async (cairn: Sender, dataset: string, status: string): Promise<number> =>
  numberIn(await cairn.ask('GET', `/datasets/${dataset}/task_counts/status`), status);
