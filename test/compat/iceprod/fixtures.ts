import type { HttpClient } from '../../harness/http-client.js';

export const ID = /^[0-9a-f]{32}$/;
export const TIMESTAMP = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}$/;

type Fields = Readonly<Record<string, unknown>>;

const resultOf = (json: unknown): string => {
  const { result } = (json ?? {}) as { result?: unknown };
  if (typeof result !== 'string') throw new Error(`no result in ${JSON.stringify(json)}`);
  return result;
};

/** Body of a submission. */
export const DATASET = {
  description: 'muons',
  jobs_submitted: 10,
  tasks_submitted: 30,
  tasks_per_job: 3,
  group: 'simprod',
};

export const newDataset = async (client: HttpClient, fields: Fields = {}): Promise<string> =>
  resultOf((await client.post('/datasets', { ...DATASET, ...fields })).json);

export const newJob = async (client: HttpClient, datasetId: string, fields: Fields = {}): Promise<string> =>
  resultOf((await client.post('/jobs', { dataset_id: datasetId, job_index: 0, ...fields })).json);

export const TASK = { job_id: 'j', task_index: 0, job_index: 0, name: 'generate', depends: [], requirements: {} };

export const newTask = async (client: HttpClient, datasetId: string, fields: Fields = {}): Promise<string> =>
  resultOf((await client.post('/tasks', { dataset_id: datasetId, ...TASK, ...fields })).json);

let unknown = 0;
/** Id of a dataset that was never submitted; jobs and tasks may belong to it all the same (contract 1.7). */
export const unsubmitted = (): string => `nobody-submitted-${String((unknown += 1))}`;
