import { defineFunction, optional, required } from '../protocol/function.js';

const module = 'idds';

/** PanDA contract 6.11. */
export const iddsFunctions = {
  relay_idds_command: defineFunction({
    module,
    name: 'relay_idds_command',
    methods: ['POST'],
    access: 'secure',
    parameters: {
      command_name: required('str'),
      args: optional('str', null),
      kwargs: optional('str', null),
      manager: optional('bool', false),
      json_outputs: optional('bool', false),
    },
    summary: 'Pass a command on to iDDS, which Cairn has none of',
    records: [],
  }),
  execute_idds_workflow_command: defineFunction({
    module,
    name: 'execute_idds_workflow_command',
    methods: ['POST'],
    access: 'secure',
    parameters: {
      command_name: required('str'),
      kwargs: optional('str', null),
      json_outputs: optional('bool', false),
    },
    summary: 'Command a workflow of iDDS, which Cairn has none of',
    records: [],
  }),
};
