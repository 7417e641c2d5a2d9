import { eventually } from '#platform/testing/eventually.js';
import type { HttpClient } from '../../../harness/http-client.js';
import { ID } from '../fixtures.js';

export interface Request {
  readonly id: string;
  readonly status: string;
  readonly error_message: string;
  readonly payload: Readonly<Record<string, unknown>>;
}

/** Waits until a request has ended. */
export const settled = (client: HttpClient, action: string, id: string): Promise<Request> =>
  eventually(
    async () => (await client.get(`/actions/${action}/${id}`)).json as Request,
    expect.objectContaining({ status: expect.stringMatching(/^(complete|error)$/) as string }),
  );

/** Submits a request that must be accepted. */
export const made = async (client: HttpClient, action: string, body: object): Promise<string> => {
  const answer = await client.post(`/actions/${action}`, body);
  expect({ ...answer, json: undefined }).toEqual({ status: 201, reason: 'Created', json: undefined });
  const { result } = answer.json as { result: string };
  expect(result).toMatch(ID);
  return result;
};

export const carriedOut = async (client: HttpClient, action: string, body: object): Promise<Request> =>
  settled(client, action, await made(client, action, body));

const modules = [{ modules: [{}] }];

/** Two tasks; the second depends on the first. */
export const CONFIG = {
  version: 3.2,
  description: 'd',
  steering: { parameters: { base: 2 } },
  tasks: [
    { name: 'gen', requirements: { cpu: 1, memory: '$eval($steering(base)*2)', gpu: 1 }, trays: modules },
    { name: 'filter', depends: ['gen'], requirements: { time: '$sprintf("%d.5",$(task))' }, trays: modules },
  ],
};

/** A dataset of 5 jobs that alice submits through a request. */
export const submitted = async (client: HttpClient, fields: object = {}): Promise<string> => {
  const body = { config: JSON.stringify(CONFIG), description: 'muons', jobs_submitted: 5, group: 'simprod', ...fields };
  const { payload } = await carriedOut(client, 'submit', body);
  return String(payload['dataset_id']);
};

export const materialized = async (client: HttpClient, id: string, fields: object = {}): Promise<Request> =>
  carriedOut(client, 'materialization', { dataset_id: id, ...fields });

export interface Task {
  readonly task_id: string;
  readonly job_id: string;
  readonly job_index: number;
  readonly task_index: number;
  readonly name: string;
  readonly depends: readonly string[];
  readonly requirements: object;
  readonly status: string;
  readonly priority: number;
}

export const tasksOf = async (client: HttpClient, id: string): Promise<readonly Task[]> =>
  Object.values((await client.get(`/datasets/${id}/tasks`)).json as Record<string, Task>);
