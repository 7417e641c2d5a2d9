import { Injectable } from '@nestjs/common';
import { Bus } from '#bus/bus.js';
import { ExplainPandaJob, ExplainTask, FindFailedTasks, RetryFailedTasks } from '#contracts/panda/explain.js';
import { microsOfTime } from '#contracts/panda/times.js';
import { questionOf } from '../../route/authorization.js';
import { principalOf } from '../protocol/caller.js';
import { type CallOf, type Envelope, failure, type Handlers, RawJson, success } from '../protocol/function.js';
import { MESSAGES } from '../protocol/guards.js';
import type { explainFunctions } from './explain.functions.js';

type Functions = typeof explainFunctions;

/** What PanDA's users ask for beyond its API (PanDA contract 14). */
@Injectable()
export class ExplainHandlers implements Handlers<Functions> {
  constructor(private readonly bus: Bus) {}

  async explain_task({ parameters, context }: CallOf<Functions['explain_task']>): Promise<Envelope> {
    const { document } = await this.bus.request(ExplainTask, parameters, context);
    return document === null ? failure('Task not found') : success(new RawJson(document));
  }

  async explain_job({ parameters, context }: CallOf<Functions['explain_job']>): Promise<Envelope> {
    const { document } = await this.bus.request(ExplainPandaJob, parameters, context);
    return document === null ? failure('Job not found') : success(new RawJson(document));
  }

  async failed_tasks(call: CallOf<Functions['failed_tasks']>): Promise<Envelope> {
    const { since, dry_run } = call.parameters;
    const principal = principalOf(call);
    const user = call.parameters.user ?? principal.name;
    if (user !== principal.name && !principal.isProduction) return failure(MESSAGES.production);
    const since_micros = since === null ? 0 : microsOfTime(since);
    if (since_micros === undefined) return failure(`failed to convert ${since} to time`);
    const isDry = dry_run ?? call.request.method !== 'POST';
    const request = { user, since_micros, principal };
    const { tasks } = isDry
      ? await this.bus.request(FindFailedTasks, request, questionOf(call.context))
      : await this.bus.request(RetryFailedTasks, request, call.context);
    const retried = isDry ? 0 : tasks.filter(({ can_retry }) => can_retry).length;
    return success({ dry_run: isDry, retried, tasks });
  }
}
