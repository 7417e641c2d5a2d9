import { Injectable } from '@nestjs/common';
import { Bus } from '#bus/bus.js';
import { ReassignJobs, SubmitJobs } from '#contracts/panda/job-submission.js';
import { principalOf } from '../protocol/caller.js';
import { type CallOf, type Envelope, type Handlers, success } from '../protocol/function.js';
import type { jobSubmissionFunctions } from './job-submission.functions.js';

type Functions = typeof jobSubmissionFunctions;

/** Jobs without a task (PanDA contract 6.5). */
@Injectable()
export class JobSubmissionHandlers implements Handlers<Functions> {
  constructor(private readonly bus: Bus) {}

  async submit(call: CallOf<Functions['submit']>): Promise<Envelope> {
    const request = { jobs: call.parameters.jobs, principal: principalOf(call) };
    const { jobs } = await this.bus.request(SubmitJobs, request, call.context);
    return success(
      jobs.map(({ panda_id, job_definition_id, jobset_id, job_name }) => [
        ...[panda_id, job_definition_id],
        jobset_id === null ? job_name : { jobsetID: jobset_id },
      ]),
    );
  }

  async reassign(call: CallOf<Functions['reassign']>): Promise<Envelope> {
    await this.bus.request(
      ReassignJobs,
      { job_ids: call.parameters.job_ids, principal: principalOf(call) },
      call.context,
    );
    return success();
  }
}
