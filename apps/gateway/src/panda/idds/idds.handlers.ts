import { Injectable } from '@nestjs/common';
import { objectIn } from '#platform/json-object.js';
import { type CallOf, type Envelope, failure, type Handlers } from '../protocol/function.js';
import type { iddsFunctions } from './idds.functions.js';

type Functions = typeof iddsFunctions;

const WORKFLOW_COMMANDS: readonly string[] = ['get_status', 'abort', 'suspend', 'resume', 'retry', 'finish'];

/** Answers in place of iDDS, of which there is none (contract 6.11, 10). */
@Injectable()
export class IddsHandlers implements Handlers<Functions> {
  relay_idds_command(): Envelope {
    return failure('failed to execute command with iDDS is not configured');
  }

  execute_idds_workflow_command({
    parameters: { command_name: command, kwargs },
  }: CallOf<Functions['execute_idds_workflow_command']>): Envelope {
    if (!WORKFLOW_COMMANDS.includes(command)) return failure(`${command} is unsupported`);
    const { request_id = null } = objectIn(kwargs ?? '') ?? {};
    return failure(request_id === null ? 'request_id is missing' : 'server failed with iDDS is not configured');
  }
}
