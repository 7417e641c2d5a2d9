import type { Schema } from '../../route/field.js';
import { defineFunction, optional, type Parameters, required } from '../protocol/function.js';

const module = 'task';

const ANY: Schema = { type: 'object', additionalProperties: true };
const list = (items: Schema): Schema => ({ type: 'array', items });

const taskId = required('int', { description: 'jediTaskID' });
const only = { task_id: taskId };
/** Not checked as others are (contract 1.6). */
const anyTaskId = required('untyped', { description: 'jediTaskID' });

const read = <P extends Parameters>(name: string, summary: string, parameters: P, data: Schema, relaxed?: 'none') =>
  defineFunction({
    ...{ module, name, methods: ['GET'], access: 'secure', summary, parameters, data },
    ...(relaxed !== undefined && { relaxed }),
  });

/** What is read of tasks (PanDA contract 6.10). */
export const taskReadFunctions = {
  get_status: read('get_status', 'The status of a task', { task_id: anyTaskId }, { type: 'string' }),
  get_details: read(
    'get_details',
    'Inputs, outputs and progress of a task',
    {
      task_id: taskId,
      include_parameters: optional('bool', false),
      include_status: optional('bool', false),
    },
    ANY,
  ),
  get_tasks_modified_since: read(
    'get_tasks_modified_since',
    'Tasks of a user that were modified since a time, by request id',
    {
      since: required('str', { description: '%Y-%m-%d %H:%M:%S' }),
      dn: optional('str', '', { description: 'Distinguished name of the user; the caller without it' }),
      full: optional('bool', false),
      min_task_id: optional('int', null, { description: 'Only tasks with greater ids' }),
      prod_source_label: optional('str', 'user'),
    },
    { type: 'object', additionalProperties: ANY },
  ),
  get_datasets_and_files: read(
    'get_datasets_and_files',
    'Datasets of a task with their files',
    {
      task_id: anyTaskId,
      dataset_types: optional('List[str]', ['input', 'pseudo_input']),
      dataset_only: optional('bool', false),
    },
    list({ type: 'object', properties: { dataset: ANY, files: list(ANY) } }),
  ),
  get_job_ids: read('get_job_ids', 'PandaIDs of the jobs of a task, ascending', only, list({ type: 'integer' })),
  get_task_parameters: read('get_task_parameters', 'The parameter document of a task', only, ANY, 'none'),
  get_detailed_info: read('get_detailed_info', 'All attributes of a task', only, ANY),
  get_parent_detailed_info: read('get_parent_detailed_info', 'All attributes of the parent of a task', only, ANY),
  get_tasks_detailed_info_since: read(
    'get_tasks_detailed_info_since',
    'All attributes of own tasks that were modified since a time',
    {
      since: optional('str', null, { description: '%Y-%m-%d %H:%M:%S' }),
      filters: optional('str', null, {
        description: 'JSON object: by attribute its value, or a pattern',
        accepts: (value) => (typeof value === 'object' && value !== null ? JSON.stringify(value) : undefined),
      }),
      n_tasks: optional('int', 500),
    },
    list(ANY),
  ),
  get_job_descriptions: read(
    'get_job_descriptions',
    'Everything that is known of the jobs of a task',
    { task_id: taskId, unsuccessful_only: optional('bool', false) },
    list(ANY),
  ),
  get_jumbo_job_datasets: read(
    'get_jumbo_job_datasets',
    'Inputs of ended tasks with jumbo jobs',
    {
      from_offset: required('int', { description: 'Days ago' }),
      to_offset: optional('int', 0, { description: 'Days ago' }),
    },
    { type: 'object', additionalProperties: ANY },
  ),
};
