import { Injectable } from '@nestjs/common';
import { principalOf } from '../protocol/caller.js';
import { type CallOf, type Envelope, failure, type Handlers, RawJson, success } from '../protocol/function.js';
import { NO_ROLE } from '../protocol/guards.js';
import { numberIn } from '../protocol/values.js';
import { Acquisition } from './acquisition.js';
import { reportFields, reportsIn } from './job-reports.js';
import { NO_JOB, type pilotFunctions } from './pilot.functions.js';
import { INVALID_JOB, Reporting } from './reporting.js';

type Functions = typeof pilotFunctions;

const REFUSALS = {
  'no role': NO_ROLE,
  'no jobs': 'No jobs in PanDA',
  late: 'Timed out',
} as const;

@Injectable()
export class PilotHandlers implements Handlers<Functions> {
  constructor(
    private readonly acquisition: Acquisition,
    private readonly reporting: Reporting,
  ) {}

  async acquire_jobs(call: CallOf<Functions['acquire_jobs']>): Promise<Envelope> {
    const { background, remaining_time, ...offered } = call.parameters;
    const acquired = await this.acquisition.acquire(call.context, principalOf(call), {
      ...offered,
      background: background === true,
      remaining_time: numberIn(remaining_time) ?? null,
    });
    if (typeof acquired === 'string') return failure(REFUSALS[acquired]);
    return success({ StatusCode: 0, jobs: acquired.map((job) => new RawJson(job)) });
  }

  async update_job(call: CallOf<Functions['update_job']>): Promise<Envelope> {
    const { job_id, job_status, attempt_nr, timeout, ...values } = call.parameters;
    if (job_id === NO_JOB) return failure(INVALID_JOB, { StatusCode: 50 });
    const report = { job_id, job_status, attempt_nr, fields: reportFields(values) };
    return this.reporting.report(call.context, timeout, report);
  }

  async update_jobs_bulk(call: CallOf<Functions['update_jobs_bulk']>): Promise<Envelope> {
    const items = reportsIn(call.parameters.job_list);
    if ('problem' in items) return failure(items.problem, []);
    return success(await this.reporting.reportMany(call.context, items));
  }
}
