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
import type { CallOf, Served } from '../route/route.js';
import { Serves, TheCall } from '../route/serves.decorator.js';
import { Answers, resultOf } from './answers.js';
import { jobRoutes as routes } from './jobs.routes.js';

@Controller()
export class JobsController {
  constructor(private readonly answers: Answers) {}

  @Serves(routes.add)
  async add(@TheCall() call: CallOf<typeof routes.add>): Promise<Served> {
    return resultOf((await this.answers.reply(AddJob, call)).job_id);
  }

  @Serves(routes.get)
  get(@TheCall() call: CallOf<typeof routes.get>): Promise<Served> {
    return this.answers.document(GetJob, call);
  }

  @Serves(routes.amend)
  amend(@TheCall() call: CallOf<typeof routes.amend>): Promise<Served> {
    return this.answers.document(AmendJob, call);
  }

  @Serves(routes.list)
  list(@TheCall() call: CallOf<typeof routes.list>, @Res({ passthrough: true }) reply: FastifyReply): Promise<Served> {
    return this.answers.listed(ListJobs, call, reply);
  }

  @Serves(routes.getOfDataset)
  getOfDataset(@TheCall() call: CallOf<typeof routes.getOfDataset>): Promise<Served> {
    return this.answers.document(GetJob, call);
  }

  @Serves(routes.setStatus)
  setStatus(@TheCall() call: CallOf<typeof routes.setStatus>): Promise<Served> {
    return this.answers.done(SetJobStatus, call);
  }

  @Serves(routes.setStatuses)
  setStatuses(@TheCall() call: CallOf<typeof routes.setStatuses>): Promise<Served> {
    return this.answers.done(SetJobsStatus, call);
  }

  @Serves(routes.suspend)
  suspend(@TheCall() call: CallOf<typeof routes.suspend>): Promise<Served> {
    return this.answers.done(ActOnJobs, call);
  }

  @Serves(routes.reset)
  reset(@TheCall() call: CallOf<typeof routes.reset>): Promise<Served> {
    return this.answers.done(ActOnJobs, call);
  }

  @Serves(routes.hardReset)
  hardReset(@TheCall() call: CallOf<typeof routes.hardReset>): Promise<Served> {
    return this.answers.done(ActOnJobs, call);
  }

  @Serves(routes.summarize)
  summarize(@TheCall() call: CallOf<typeof routes.summarize>): Promise<Served> {
    return this.answers.idsByStatus(SummarizeJobs, call);
  }

  @Serves(routes.count)
  count(@TheCall() call: CallOf<typeof routes.count>): Promise<Served> {
    return this.answers.document(CountJobs, call);
  }
}
