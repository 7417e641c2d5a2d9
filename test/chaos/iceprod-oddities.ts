import { newDataset, newJob, newTask } from '../compat/iceprod/fixtures.js';
import type { HttpClient } from '../harness/http-client.js';
import { textIn } from '../harness/json-fields.js';

/**
 * Makes what IceProd's clients rarely store: unknown fields, numbers with a trailing zero, units that say they belong to another
 * dataset, large statistics, and failures after a hard reset. Resolves with routes that show it.
 */
export const fillOddly = async (client: HttpClient): Promise<readonly string[]> => {
  const ask = async (method: string, path: string, body: string | object = {}): Promise<unknown> => {
    const sent = { body: typeof body === 'string' ? body : JSON.stringify(body) };
    const { status, text } = await client.send(method, path, sent);
    if (status !== 200 && status !== 201) throw new Error(`${method} ${path}: ${status} ${text}`);
    return JSON.parse(text);
  };
  const [dataset, other] = [await newDataset(client), await newDataset(client)];
  const of = `/datasets/${dataset}`;
  const tasks = [{ name: 'generate', requirements: { memory: 1 } }];
  await ask('POST', `/cairn/iceprod${of}/tasks`, { count: 10, tasks });
  const job = await newJob(client, other, { job_index: 3 });
  const task = await newTask(client, other, { name: 'guest', depends: ['x'], requirements: { gpu: 1 } });
  await ask('PATCH', `/jobs/${job}`, `{"dataset_id":"${dataset}","note":1.0,"status":"melted"}`);
  await ask('PATCH', `/tasks/${task}`, `{"dataset_id":"${dataset}","note":1.0}`);
  await ask('PUT', `/config/${dataset}`, '{"version":3,"tasks":[{"n":1.0}]}');
  await ask('POST', `${of}/job_actions/bulk_suspend`);
  await ask('PUT', `/auths/${dataset}`, { read_groups: ['users'], write_groups: [] });
  await ask('POST', `/tasks/${task}/task_stats`, `{"dataset_id":"${dataset}","n":1.0}`);
  await ask('POST', `/tasks/${task}/task_stats`, { dataset_id: dataset, log: 'x'.repeat(200_000) });
  await ask('POST', `${of}/task_actions/bulk_reset`);
  const ids = Object.keys((await ask('GET', `${of}/tasks?keys=task_id`)) as object);
  await ask('POST', '/task_actions/waiting', { task_ids: ids });
  const claimed = await ask('POST', '/task_actions/queue_many', { num: 3, query_params: { dataset_id: dataset } });
  for (const unit of claimed as readonly object[]) {
    const report = { instance_id: textIn(unit, 'instance_id'), time_used: 90, resources: { memory: 3 } };
    await ask('POST', `/tasks/${textIn(unit, 'task_id')}/task_actions/failed`, report);
  }
  return [
    ...['', '/config', '/tasks', '/jobs', '/task_counts/status', '/task_counts/name_status', '/task_summaries/status'],
    ...['/job_summaries/status', '/job_counts/status', '/task_stats', '/bulk/task_stats', `/tasks/${task}/task_stats`],
  ]
    .map((path) => `${of}${path}`)
    .concat(`/auths/${dataset}`, `/jobs/${job}`, `/cairn/history/units/${task}`);
};
