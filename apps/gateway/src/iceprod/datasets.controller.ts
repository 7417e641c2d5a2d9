import { Controller, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import {
  ChangeDataset,
  GetDataset,
  ListDatasets,
  SubmitDataset,
  SummarizeDatasets,
} from '#contracts/iceprod/datasets.js';
import type { CallOf, Served } from '../route/route.js';
import { Serves, TheCall } from '../route/serves.decorator.js';
import { Answers, resultOf } from './answers.js';
import { datasetRoutes as routes } from './datasets.routes.js';

@Controller()
export class DatasetsController {
  constructor(private readonly answers: Answers) {}

  @Serves(routes.list)
  list(@TheCall() call: CallOf<typeof routes.list>, @Res({ passthrough: true }) reply: FastifyReply): Promise<Served> {
    return this.answers.listed(ListDatasets, call, reply);
  }

  @Serves(routes.submit)
  async submit(
    @TheCall() call: CallOf<typeof routes.submit>,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<Served> {
    const { dataset_id } = await this.answers.reply(SubmitDataset, call);
    void reply.header('location', `/datasets/${dataset_id}`);
    return resultOf(dataset_id);
  }

  @Serves(routes.get)
  get(@TheCall() call: CallOf<typeof routes.get>): Promise<Served> {
    return this.answers.document(GetDataset, call);
  }

  @Serves(routes.setStatus)
  setStatus(@TheCall() call: CallOf<typeof routes.setStatus>): Promise<Served> {
    return this.answers.done(ChangeDataset, call);
  }

  @Serves(routes.setDescription)
  setDescription(@TheCall() call: CallOf<typeof routes.setDescription>): Promise<Served> {
    return this.answers.done(ChangeDataset, call);
  }

  @Serves(routes.setPriority)
  setPriority(@TheCall() call: CallOf<typeof routes.setPriority>): Promise<Served> {
    return this.answers.done(ChangeDataset, call);
  }

  @Serves(routes.setJobsSubmitted)
  setJobsSubmitted(@TheCall() call: CallOf<typeof routes.setJobsSubmitted>): Promise<Served> {
    return this.answers.done(ChangeDataset, call);
  }

  @Serves(routes.hardReset)
  hardReset(@TheCall() call: CallOf<typeof routes.hardReset>): Promise<Served> {
    return this.answers.done(ChangeDataset, call);
  }

  @Serves(routes.truncate)
  truncate(@TheCall() call: CallOf<typeof routes.truncate>): Promise<Served> {
    return this.answers.done(ChangeDataset, call);
  }

  @Serves(routes.summarize)
  summarize(@TheCall() call: CallOf<typeof routes.summarize>): Promise<Served> {
    return this.answers.document(SummarizeDatasets, call);
  }
}
