import { defineLegacy } from '../protocol/function.js';
import { iddsFunctions } from './idds.functions.js';

/** PanDA contract 12: the same parameters, answered as a tuple. */
export const iddsLegacy = {
  relay_idds_command: defineLegacy({ ...iddsFunctions.relay_idds_command, refusal: 'tuple' }),
  execute_idds_workflow_command: defineLegacy({ ...iddsFunctions.execute_idds_workflow_command, refusal: 'tuple' }),
};
