import { Controller, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import {
  ActOnJobs,
  AddJob,
  AmendJob,
  CountJobs,
  GetJob,
  ListJobs,
  SetJobsStatus,
  SetJobStatus,
  SummarizeJobs,
} from '#contracts/iceprod/jobs.js';
import type { CallOf, RouteResponse } from '../route/route.js';
import { Serves, ValidatedCall } from '../route/serves.decorator.js';
import { Answers, resultOf } from './answers.js';
import { jobRoutes as routes } from './jobs.routes.js';

@Controller()
export class JobsController {
  constructor(private readonly answers: Answers) {}

  @Serves(routes.add)
  async add(@ValidatedCall() call: CallOf<typeof routes.add>): Promise<RouteResponse> {
    return resultOf((await this.answers.reply(AddJob, call)).job_id);
  }

  @Serves(routes.get)
  get(@ValidatedCall() call: CallOf<typeof routes.get>): Promise<RouteResponse> {
    return this.answers.document(GetJob, call);
  }

  @Serves(routes.update)
  update(@ValidatedCall() call: CallOf<typeof routes.update>): Promise<RouteResponse> {
    return this.answers.document(AmendJob, call);
  }

  @Serves(routes.list)
  list(
    @ValidatedCall() call: CallOf<typeof routes.list>,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<RouteResponse> {
    return this.answers.list(ListJobs, call, reply);
  }

  @Serves(routes.getOfDataset)
  getOfDataset(@ValidatedCall() call: CallOf<typeof routes.getOfDataset>): Promise<RouteResponse> {
    return this.answers.document(GetJob, call);
  }

  @Serves(routes.setStatus)
  setStatus(@ValidatedCall() call: CallOf<typeof routes.setStatus>): Promise<RouteResponse> {
    return this.answers.emptyObject(SetJobStatus, call);
  }

  @Serves(routes.setStatuses)
  setStatuses(@ValidatedCall() call: CallOf<typeof routes.setStatuses>): Promise<RouteResponse> {
    return this.answers.emptyObject(SetJobsStatus, call);
  }

  @Serves(routes.suspend)
  suspend(@ValidatedCall() call: CallOf<typeof routes.suspend>): Promise<RouteResponse> {
    return this.answers.emptyObject(ActOnJobs, call);
  }

  @Serves(routes.reset)
  reset(@ValidatedCall() call: CallOf<typeof routes.reset>): Promise<RouteResponse> {
    return this.answers.emptyObject(ActOnJobs, call);
  }

  @Serves(routes.hardReset)
  hardReset(@ValidatedCall() call: CallOf<typeof routes.hardReset>): Promise<RouteResponse> {
    return this.answers.emptyObject(ActOnJobs, call);
  }

  @Serves(routes.summarize)
  summarize(@ValidatedCall() call: CallOf<typeof routes.summarize>): Promise<RouteResponse> {
    return this.answers.idsByStatus(SummarizeJobs, call);
  }

  @Serves(routes.count)
  count(@ValidatedCall() call: CallOf<typeof routes.count>): Promise<RouteResponse> {
    return this.answers.document(CountJobs, call);
  }
}
