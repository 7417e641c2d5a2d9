import { Injectable } from '@nestjs/common';
import { Environment } from '#platform/environment.js';
import { Bus } from '#bus/bus.js';
import { GetJobStates } from '#contracts/panda/job-states.js';
import { idsIn } from '../job/ids-in.js';
import {
  type CallOf,
  type Envelope,
  failure,
  type Handlers,
  type LegacyAnswer,
  success,
} from '../protocol/function.js';
import { MESSAGES } from '../protocol/guards.js';
import { fields } from '../protocol/legacy-answers.js';
import { within } from '../protocol/time-limit.js';
import type { getStatusLegacy, jobStatusFunctions } from './job-status.functions.js';

type Functions = typeof jobStatusFunctions;
type Legacy = typeof getStatusLegacy;

/** Status words of contract 12. */
const [TIMED_OUT, NOT_PERMITTED] = [10, 70];

/** What pilots ask about jobs (PanDA contract 6.7). */
@Injectable()
export class JobStatusHandlers implements Handlers<Functions> {
  constructor(private readonly bus: Bus) {}

  async get_job_status({ parameters, context }: CallOf<Functions['get_job_status']>): Promise<Envelope> {
    const { job_ids, timeout } = parameters;
    const reply = await within(context, timeout, (limited) => this.bus.request(GetJobStates, { job_ids }, limited));
    if (reply === undefined) return failure('Timed out');
    const states = job_ids.map((job_id, at) => {
      const job = reply.jobs[at] ?? { status: 'not found', attempt: 0 };
      return { job_id, status: job.status, attempt_number: job.attempt };
    });
    return success(states);
  }
}

/** The same for legacy pilots (contract 12, D26). */
@Injectable()
export class GetStatusLegacyHandlers implements Handlers<Legacy> {
  constructor(
    private readonly bus: Bus,
    private readonly environment: Environment,
  ) {}

  async getStatus({ parameters, principal, context }: CallOf<Legacy['getStatus']>): Promise<LegacyAnswer> {
    if (principal === undefined && this.environment.PANDA_ANONYMOUS_GET_STATUS === 'off') {
      return fields({ StatusCode: NOT_PERMITTED, errorDialog: MESSAGES.secure });
    }
    const request = { job_ids: idsIn(parameters.ids) };
    const reply = await within(context, parameters.timeout, (limited) =>
      this.bus.request(GetJobStates, request, limited),
    );
    if (reply === undefined) return fields({ StatusCode: TIMED_OUT, errorDialog: 'Timed out' });
    return fields({
      StatusCode: 0,
      status: reply.jobs.map((job) => job?.status ?? 'notfound').join('+'),
      attemptNr: reply.jobs.map((job) => job?.attempt ?? 0).join('+'),
    });
  }
}
