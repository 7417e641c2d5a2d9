import { defineFunction, optional, required } from '../protocol/function.js';

const module = 'harvester';

const harvester_id = required('str', { description: 'id of the instance' });

/** The text `ALL` stands for a list (contract 1.6). */
const texts = required('List[str]', { accepts: (value) => (value === 'ALL' ? ['ALL'] : undefined) });

const COMMANDS = {
  type: 'array',
  items: {
    type: 'object',
    required: ['command_id', 'command', 'params', 'ack_requested', 'creation_date'],
    properties: {
      command_id: { type: 'integer' },
      command: { type: 'string' },
      params: {},
      ack_requested: { type: 'integer' },
      creation_date: { type: 'string' },
    },
  },
};

/** PanDA contract 6.4. */
export const harvesterFunctions = {
  update_workers: defineFunction({
    module,
    name: 'update_workers',
    methods: ['POST'],
    access: 'secure',
    parameters: { harvester_id, workers: required('list') },
    records: ['WorkersReported'],
    summary: 'Tell of workers; answers whether each was stored, in their order',
    data: { type: 'array', items: { type: 'boolean' } },
  }),
  update_service_metrics: defineFunction({
    module,
    name: 'update_service_metrics',
    methods: ['POST'],
    access: 'secure',
    parameters: { harvester_id, metrics: required('list') },
    records: ['ServiceMeasured'],
    summary: 'Tell what the processes of an instance need',
    data: { type: 'array', items: { type: 'boolean' } },
  }),
  add_dialogs: defineFunction({
    module,
    name: 'add_dialogs',
    methods: ['POST'],
    access: 'secure',
    parameters: { harvester_id, dialogs: required('list') },
    records: ['DialogsAdded'],
    summary: 'Add messages of an instance to its operators',
  }),
  heartbeat: defineFunction({
    module,
    name: 'heartbeat',
    methods: ['POST'],
    access: 'secure',
    parameters: {
      harvester_id,
      data: optional('dict', null, {
        accepts: (value) => (Array.isArray(value) && value.length === 0 ? {} : undefined),
      }),
    },
    records: ['HarvesterSeen', 'CommandsAcknowledged'],
    summary: 'Tell that an instance lives; the first time registers it',
  }),
  get_current_worker_id: defineFunction({
    module,
    name: 'get_current_worker_id',
    methods: ['GET'],
    access: 'secure',
    parameters: { harvester_id },
    summary: 'The highest id of a worker of an instance, 0 if it has none',
    data: { type: 'integer' },
  }),
  get_worker_statistics: defineFunction({
    module,
    name: 'get_worker_statistics',
    methods: ['GET'],
    access: 'secure',
    relaxed: 'none',
    parameters: {},
    summary: 'Numbers of workers of the last four hours, by queue, instance, job type, resource type and status',
    data: { type: 'object', additionalProperties: true },
  }),
  report_worker_statistics: defineFunction({
    module,
    name: 'report_worker_statistics',
    methods: ['POST'],
    access: 'secure',
    parameters: { harvester_id, panda_queue: required('str'), statistics: required('str') },
    records: ['WorkersCounted'],
    summary: 'Replace the numbers of workers of a queue',
  }),
  acquire_commands: defineFunction({
    module,
    name: 'acquire_commands',
    methods: ['POST'],
    access: 'production',
    acceptsPilots: true,
    parameters: { harvester_id, n_commands: required('int'), timeout: optional('int', 30) },
    records: ['CommandsRetrieved'],
    summary: 'Get the oldest new commands',
    data: COMMANDS,
  }),
  acknowledge_commands: defineFunction({
    module,
    name: 'acknowledge_commands',
    methods: ['POST'],
    access: 'production',
    acceptsPilots: true,
    parameters: { command_ids: required('List[int]'), timeout: optional('int', 30) },
    records: ['CommandsAcknowledged'],
    summary: 'Tell that commands were carried out',
  }),
  add_sweep_command: defineFunction({
    module,
    name: 'add_sweep_command',
    methods: ['POST'],
    access: 'production',
    acceptsPilots: true,
    parameters: {
      panda_queue: required('str'),
      status_list: texts,
      ce_list: texts,
      submission_host_list: texts,
    },
    records: ['CommandIssued'],
    summary: 'Kill workers of a queue',
  }),
  add_target_slots: defineFunction({
    module,
    name: 'add_target_slots',
    methods: ['POST'],
    access: 'production',
    acceptsPilots: true,
    parameters: {
      panda_queue: required('str'),
      slots: required('int', { description: '-1 removes the target' }),
      global_share: optional('str', null),
      resource_type: optional('str', null),
      expiration_date: optional('str', null, { description: 'days from now, or a time' }),
    },
    records: ['SlotsTargeted', 'SlotsReleased'],
    summary: 'Set how many slots a queue shall have',
  }),
};
