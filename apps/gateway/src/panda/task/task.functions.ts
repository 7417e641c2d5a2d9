import type { Schema } from '../../route/field.js';
import { type Access, defineFunction, optional, type Parameters, required } from '../protocol/function.js';

const module = 'task';

const code: Schema = { type: 'integer', description: '0 when it is done, or why it is not' };

/** A command on a task, which is carried out within a second (PanDA contract 4.1.5). */
const commandFunction = <P extends Parameters>(
  name: string,
  access: Access,
  summary: string,
  parameters: P,
  owner?: 'task_id',
) =>
  defineFunction({
    ...{ module, name, methods: ['POST'], access, summary, parameters, data: code },
    records: ['CommandRegistered'],
    ...(owner !== undefined && { owner }),
  });

const taskId = required('int', { description: 'jediTaskID' });
const only = { task_id: taskId };

/** A change that is made at once (contract 4.1.8). */
const changeFunction = <P extends Parameters>(
  name: string,
  summary: string,
  parameters: P,
  records: readonly string[],
) => defineFunction({ module, name, methods: ['POST'], access: 'production', summary, parameters, records });

/** The functions that change tasks (contract 6.10). */
export const taskFunctions = {
  submit: defineFunction({
    module,
    name: 'submit',
    methods: ['POST'],
    access: 'secure',
    parameters: {
      task_parameters: required('json', { description: 'The parameter document (contract 9.1)' }),
      parent_tid: optional('int', null),
    },
    summary: 'Registers a task, or executes the one of the same unique name again',
    data: { type: 'integer', description: 'The id of the task, or the code of the refusal' },
    records: ['TaskSubmitted', 'TextStored', 'CommandRegistered'],
  }),
  retry: commandFunction(
    'retry',
    'secure',
    'Runs what has failed again',
    {
      task_id: taskId,
      new_parameters: optional('untyped', null, { description: 'Parameters that change: an object, or its JSON text' }),
      no_child_retry: optional('bool', false),
      discard_events: optional('bool', false),
      disable_staging_mode: optional('bool', false),
      keep_gshare_priority: optional('bool', false),
      ignore_hard_exhausted: optional('bool', false),
    },
    'task_id',
  ),
  resume: commandFunction('resume', 'production', 'Goes on with a paused task', only),
  release: commandFunction('release', 'production', 'Frees inputs that are held back, and skips scouting', only),
  pause: commandFunction('pause', 'production', 'Gives no job of the task to pilots', only),
  avalanche: commandFunction('avalanche', 'production', 'Ends scouting', only),
  reassign: commandFunction(
    'reassign',
    'secure',
    'Makes the jobs of the task for another site, cloud or nucleus',
    {
      task_id: taskId,
      site: optional('str', null, { description: 'Empty: to be chosen again' }),
      cloud: optional('str', null),
      nucleus: optional('str', null),
      soft: optional('bool', null, { description: 'Jobs that pilots have go on' }),
      mode: optional('str', null, { description: '`soft`, or `nokill`: all jobs go on' }),
    },
    'task_id',
  ),
  kill: commandFunction(
    'kill',
    'secure',
    'Aborts the task with its jobs and children',
    { task_id: taskId, broadcast: optional('bool', false) },
    'task_id',
  ),
  finish: commandFunction(
    'finish',
    'secure',
    'Ends the task with what is done so far',
    { task_id: taskId, soft: optional('bool', false), broadcast: optional('bool', false) },
    'task_id',
  ),
  reload_input: commandFunction(
    'reload_input',
    'secure',
    'Reads the inputs again and runs what is new or has failed',
    { task_id: taskId, ignore_hard_exhausted: optional('bool', false) },
    'task_id',
  ),
  kill_unfinished_jobs: defineFunction({
    module,
    name: 'kill_unfinished_jobs',
    methods: ['POST'],
    access: 'secure',
    parameters: { task_id: taskId, code: optional('int', null), use_email_as_id: optional('bool', false) },
    summary: 'Kills all jobs of the task that are not final',
    data: { type: 'array', items: { type: 'boolean' } },
    records: ['JobsAmended', 'UnitsMoved'],
  }),
  reactivate: changeFunction(
    'reactivate',
    'Uses all inputs of a task again from the start',
    {
      task_id: taskId,
      keep_attempt_nr: optional('bool', false),
      trigger_job_generation: optional('bool', false),
    },
    ['FilesReopened', 'DatasetsMoved', 'TaskMoved'],
  ),
  increase_attempts: changeFunction(
    'increase_attempts',
    'Gives the unfinished inputs of a task more attempts',
    { task_id: taskId, increase: required('int') },
    ['FilesReopened', 'FilesAmended'],
  ),
  change_attribute: changeFunction(
    'change_attribute',
    'Changes what the jobs of a task ask for',
    { task_id: taskId, attribute_name: required('str'), value: required('int') },
    ['TaskAmended'],
  ),
  change_modification_time: changeFunction(
    'change_modification_time',
    'Moves the modification time of a task',
    { task_id: taskId, positive_hour_offset: required('int', { aliases: ['hour_offset'] }) },
    ['TaskAmended'],
  ),
  change_priority: changeFunction(
    'change_priority',
    'Changes the priority of a task and of its waiting jobs',
    { task_id: taskId, priority: required('int') },
    ['TaskAmended', 'JobsPrioritized'],
  ),
  change_split_rule: changeFunction(
    'change_split_rule',
    'Changes or removes a split rule of a task',
    { task_id: taskId, attribute_name: required('str'), value: required('untyped') },
    ['TaskAmended'],
  ),
  reassign_global_share: changeFunction(
    'reassign_global_share',
    'Moves tasks and their jobs to another share',
    {
      task_id_list: required('List[int]'),
      share: required('str'),
      reassign_running_jobs: required('bool'),
    },
    ['TaskAmended', 'JobsPlaced'],
  ),
};
