import { Injectable } from '@nestjs/common';
import { Bus } from '#bus/bus.js';
import { type CommandReply, KillJobs, SetDebugMode, SetJobCommand } from '#contracts/panda/kill.js';
import { principalOf } from '../protocol/caller.js';
import { type CallOf, type Envelope, failure, type Handlers, success } from '../protocol/function.js';
import type { jobCommandFunctions } from './job-commands.functions.js';

type Functions = typeof jobCommandFunctions;

const SUB_STATUS = 'jobSubStatus=';

const answer = ({ is_done: isDone, message }: CommandReply): Envelope =>
  isDone ? success(null, message) : failure(message);

@Injectable()
export class JobCommandHandlers implements Handlers<Functions> {
  constructor(private readonly bus: Bus) {}

  async kill(call: CallOf<Functions['kill']>): Promise<Envelope> {
    const { job_ids, code, kill_options: options } = call.parameters;
    const principal = principalOf(call);
    const subStatus = options.find((option) => option.startsWith(SUB_STATUS))?.slice(SUB_STATUS.length);
    // No mail address of the caller is known: `use_email_as_id` shows the name instead, as where users have none.
    const request = {
      ...{ job_ids, code, principal, by: principal.dn },
      ...(subStatus !== undefined && subStatus !== '' && { sub_status: subStatus }),
    };
    const { killed } = await this.bus.request(KillJobs, request, call.context);
    return success(killed);
  }

  async set_command(call: CallOf<Functions['set_command']>): Promise<Envelope> {
    const { job_id, command } = call.parameters;
    return answer(await this.bus.request(SetJobCommand, { job_id, command }, call.context));
  }

  async set_debug_mode(call: CallOf<Functions['set_debug_mode']>): Promise<Envelope> {
    const { job_id, mode } = call.parameters;
    const request = { job_id, mode, principal: principalOf(call) };
    return answer(await this.bus.request(SetDebugMode, request, call.context));
  }
}
