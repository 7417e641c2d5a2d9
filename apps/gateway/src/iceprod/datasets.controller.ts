import { Controller, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import {
  ChangeDataset,
  GetDataset,
  ListDatasets,
  SubmitDataset,
  SummarizeDatasets,
} from '#contracts/iceprod/datasets.js';
import type { CallOf, RouteResponse } from '../route/route.js';
import { Serves, ValidatedCall } from '../route/serves.decorator.js';
import { Answers, resultOf } from './answers.js';
import { datasetRoutes as routes } from './datasets.routes.js';

@Controller()
export class DatasetsController {
  constructor(private readonly answers: Answers) {}

  @Serves(routes.list)
  list(
    @ValidatedCall() call: CallOf<typeof routes.list>,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<RouteResponse> {
    return this.answers.list(ListDatasets, call, reply);
  }

  @Serves(routes.create)
  async create(
    @ValidatedCall() call: CallOf<typeof routes.create>,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<RouteResponse> {
    const { dataset_id } = await this.answers.reply(SubmitDataset, call);
    void reply.header('location', `/datasets/${dataset_id}`);
    return resultOf(dataset_id);
  }

  @Serves(routes.get)
  get(@ValidatedCall() call: CallOf<typeof routes.get>): Promise<RouteResponse> {
    return this.answers.document(GetDataset, call);
  }

  @Serves(routes.setStatus)
  setStatus(@ValidatedCall() call: CallOf<typeof routes.setStatus>): Promise<RouteResponse> {
    return this.answers.emptyObject(ChangeDataset, call);
  }

  @Serves(routes.setDescription)
  setDescription(@ValidatedCall() call: CallOf<typeof routes.setDescription>): Promise<RouteResponse> {
    return this.answers.emptyObject(ChangeDataset, call);
  }

  @Serves(routes.setPriority)
  setPriority(@ValidatedCall() call: CallOf<typeof routes.setPriority>): Promise<RouteResponse> {
    return this.answers.emptyObject(ChangeDataset, call);
  }

  @Serves(routes.setJobsSubmitted)
  setJobsSubmitted(@ValidatedCall() call: CallOf<typeof routes.setJobsSubmitted>): Promise<RouteResponse> {
    return this.answers.emptyObject(ChangeDataset, call);
  }

  @Serves(routes.hardReset)
  hardReset(@ValidatedCall() call: CallOf<typeof routes.hardReset>): Promise<RouteResponse> {
    return this.answers.emptyObject(ChangeDataset, call);
  }

  @Serves(routes.truncate)
  truncate(@ValidatedCall() call: CallOf<typeof routes.truncate>): Promise<RouteResponse> {
    return this.answers.emptyObject(ChangeDataset, call);
  }

  @Serves(routes.summarize)
  summarize(@ValidatedCall() call: CallOf<typeof routes.summarize>): Promise<RouteResponse> {
    return this.answers.document(SummarizeDatasets, call);
  }
}
