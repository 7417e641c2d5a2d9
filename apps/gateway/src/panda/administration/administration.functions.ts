import { CONFIGURATION_SECTIONS } from '#contracts/panda/administration.js';
import { defineOwn, optional, required } from '../protocol/function.js';

const module = 'administration';

const section = required('str', { description: CONFIGURATION_SECTIONS.join(', ') });
const name = required('str', { description: 'name of the entry' });

const CONFIGURED = [
  ...['QueueConfigured', 'UserConfigured', 'VoConfigured', 'StorageConfigured', 'SharesConfigured'],
  ...['ResourceTypesConfigured', 'RetryRulesConfigured'],
];
const REMOVED = [
  ...['QueueRemoved', 'UserRemoved', 'VoRemoved', 'StorageRemoved', 'SharesConfigured', 'ResourceTypesConfigured'],
  'RetryRulesConfigured',
];

/**
 * What the contract leaves to Cairn (contract 3.15, 10.1): changes of the operator's document through the API. Callers need the production role and,
 * as its users, the flag `s`.
 */
export const administrationFunctions = {
  list: defineOwn({
    module,
    name: 'configuration',
    methods: ['GET'],
    access: 'production',
    parameters: { section, name: optional('str', null, { description: 'only this entry' }) },
    summary: 'Read a section of the configuration, or an entry of it',
  }),
  set: defineOwn({
    module,
    name: 'set_configuration',
    methods: ['POST'],
    access: 'production',
    parameters: { section, name, entry: required('json', { description: 'as the operator’s document has it' }) },
    records: CONFIGURED,
    summary: 'Set an entry of the configuration whole',
  }),
  remove: defineOwn({
    module,
    name: 'remove_configuration',
    methods: ['POST'],
    access: 'production',
    parameters: { section, name },
    records: REMOVED,
    summary: 'Remove an entry of the configuration',
  }),
  command: defineOwn({
    module,
    name: 'command_harvester',
    methods: ['POST'],
    access: 'production',
    parameters: {
      harvester_id: required('str'),
      command: required('str', { description: 'such as `SET_N_WORKERS_JOBTYPE:SITE_A`' }),
      params: optional('json', null),
      ack_requested: optional('bool', false),
    },
    records: ['CommandIssued'],
    summary: 'Order an instance of harvester to do something',
    data: { type: ['object', 'null'], properties: { command_id: { type: 'integer' } } },
  }),
};
