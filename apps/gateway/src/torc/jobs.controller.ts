import { Controller } from '@nestjs/common';
import { ListDocuments } from '#contracts/torc/documents.js';
import {
  AddJobs,
  AddJobUserData,
  CompleteJob,
  GetJobRequirements,
  GetJobResult,
  ListAddedJobs,
  ListJobKeys,
  ListProcessStats,
  ListRelated,
  ManageJobStatus,
  SetJobRequirements,
  StartJob,
} from '#contracts/torc/jobs.js';
import { GetJobSpecification, ListJobSpecifications } from '#contracts/torc/specifications.js';
import type { Call, CallOf, RouteResponse } from '../route/route.js';
import { Serves, ValidatedCall } from '../route/serves.decorator.js';
import { asArray } from '../route/streaming.js';
import { jobRoutes as routes } from './jobs.routes.js';
import { TorcAnswers } from './torc-answers.js';

/** Lists without paging have all items (Torc contract 6.3). */
const ALL = { skip: 0, limit: Number.MAX_SAFE_INTEGER };

const asItems = () => asArray('{"items":[', ']}');

@Controller()
export class JobsController {
  constructor(private readonly answers: TorcAnswers) {}

  @Serves(routes.addMany)
  async addMany(@ValidatedCall() { input, context }: CallOf<typeof routes.addMany>): Promise<RouteResponse> {
    const added = await this.answers.reply(AddJobs, { input, context });
    const { workflow } = input;
    return this.answers.pages(ListAddedJobs, { input: { workflow, ...added }, context }, asItems());
  }

  @Serves(routes.listKeys)
  listKeys(@ValidatedCall() call: CallOf<typeof routes.listKeys>): Promise<RouteResponse> {
    return this.answers.pages(ListJobKeys, call, asItems());
  }

  @Serves(routes.findByStatus)
  findByStatus(@ValidatedCall() { input, context }: CallOf<typeof routes.findByStatus>): Promise<RouteResponse> {
    const { status, ...request } = input;
    const filters = { status: JSON.stringify(status) };
    return this.answers.list(ListDocuments, { input: { ...request, collection: 'jobs', filters }, context });
  }

  @Serves(routes.findByNeedsFile)
  findByNeedsFile(@ValidatedCall() call: CallOf<typeof routes.findByNeedsFile>): Promise<RouteResponse> {
    return this.answers.list(ListRelated, call);
  }

  @Serves(routes.listDownstream)
  listDownstream(@ValidatedCall() call: CallOf<typeof routes.listDownstream>): Promise<RouteResponse> {
    return this.answers.list(ListRelated, call);
  }

  @Serves(routes.listProducedFiles)
  listProducedFiles(@ValidatedCall() call: CallOf<typeof routes.listProducedFiles>): Promise<RouteResponse> {
    return this.answers.list(ListRelated, call);
  }

  @Serves(routes.getRequirements)
  getRequirements(@ValidatedCall() call: CallOf<typeof routes.getRequirements>): Promise<RouteResponse> {
    return this.answers.document(GetJobRequirements, call);
  }

  @Serves(routes.setRequirements)
  setRequirements(@ValidatedCall() call: CallOf<typeof routes.setRequirements>): Promise<RouteResponse> {
    return this.answers.document(SetJobRequirements, call);
  }

  @Serves(routes.listProcessStats)
  listProcessStats(@ValidatedCall() call: CallOf<typeof routes.listProcessStats>): Promise<RouteResponse> {
    return this.answers.pages(ListProcessStats, call, asArray());
  }

  @Serves(routes.start)
  start(@ValidatedCall() call: CallOf<typeof routes.start>): Promise<RouteResponse> {
    return this.answers.document(StartJob, call);
  }

  @Serves(routes.complete)
  complete(@ValidatedCall() call: CallOf<typeof routes.complete>): Promise<RouteResponse> {
    return this.answers.document(CompleteJob, call);
  }

  @Serves(routes.manageStatus)
  manageStatus(@ValidatedCall() call: CallOf<typeof routes.manageStatus>): Promise<RouteResponse> {
    return this.answers.document(ManageJobStatus, call);
  }

  @Serves(routes.addUserData)
  addUserData(@ValidatedCall() { input, context }: CallOf<typeof routes.addUserData>): Promise<RouteResponse> {
    const { body, ...job } = input;
    const { document, key } = body;
    const request = { ...job, document, ...(key !== undefined && { userDataKey: key }) };
    return this.answers.document(AddJobUserData, { input: request, context });
  }

  @Serves(routes.listStored)
  listStored(@ValidatedCall() call: CallOf<typeof routes.listStored>): Promise<RouteResponse> {
    return this.allRelated(call);
  }

  @Serves(routes.listConsumed)
  listConsumed(@ValidatedCall() call: CallOf<typeof routes.listConsumed>): Promise<RouteResponse> {
    return this.allRelated(call);
  }

  @Serves(routes.getResult)
  getResult(@ValidatedCall() call: CallOf<typeof routes.getResult>): Promise<RouteResponse> {
    return this.answers.document(GetJobResult, call);
  }

  @Serves(routes.listSpecifications)
  listSpecifications(@ValidatedCall() call: CallOf<typeof routes.listSpecifications>): Promise<RouteResponse> {
    return this.answers.list(ListJobSpecifications, call);
  }

  @Serves(routes.getSpecification)
  getSpecification(@ValidatedCall() call: CallOf<typeof routes.getSpecification>): Promise<RouteResponse> {
    return this.answers.document(GetJobSpecification, call);
  }

  private allRelated({ input, context }: Call<{ workflow: string; key: string; relation: 'stores' | 'consumes' }>) {
    return this.answers.wholeList(ListRelated, { input: { ...input, ...ALL }, context });
  }
}
