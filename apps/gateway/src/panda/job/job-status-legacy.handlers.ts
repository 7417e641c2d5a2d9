import { Injectable } from '@nestjs/common';
import { Bus } from '#bus/bus.js';
import { GetJobStates } from '#contracts/panda/job-states.js';
import type { CallOf, Handlers, LegacyAnswer } from '../protocol/function.js';
import { fields } from '../protocol/legacy-answers.js';
import { idsIn } from './ids-in.js';
import type { jobStatusLegacy } from './job-status.legacy.js';
import { toldState } from './told-state.js';

type Functions = typeof jobStatusLegacy;

/** Legacy questions about statuses of jobs (PanDA contract 12). */
@Injectable()
export class JobStatusLegacyHandlers implements Handlers<Functions> {
  constructor(private readonly bus: Bus) {}

  async checkJobStatus({ parameters, context }: CallOf<Functions['checkJobStatus']>): Promise<LegacyAnswer> {
    const { jobs } = await this.bus.request(GetJobStates, { job_ids: idsIn(parameters.ids) }, context);
    return fields({ StatusCode: 0, data: jobs.map(toldState) });
  }
}
