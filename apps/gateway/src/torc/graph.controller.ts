import { Controller } from '@nestjs/common';
import { JoinByEdge } from '#contracts/torc/documents.js';
import {
  EnableAutoTune,
  GetDotGraph,
  GetReadyRequirements,
  InitializeJobs,
  ListMissingUserData,
  ListRequiredFiles,
  ProcessAutoTune,
  ProcessChangedInputs,
  ResetJobs,
} from '#contracts/torc/graph.js';
import { ClaimJobs, ClaimNextJobs, ScheduleJobs } from '#contracts/torc/jobs.js';
import type { CallOf, RouteResponse } from '../route/route.js';
import { Serves, ValidatedCall } from '../route/serves.decorator.js';
import { graphRoutes as routes } from './graph.routes.js';
import { asLinesIn } from './list-framing.js';
import { TorcAnswers } from './torc-answers.js';

@Controller()
export class GraphController {
  constructor(private readonly answers: TorcAnswers) {}

  @Serves(routes.initialize)
  initialize(@ValidatedCall() call: CallOf<typeof routes.initialize>): Promise<RouteResponse> {
    return this.answers.done(InitializeJobs, call, `Initialized the jobs of workflow ${call.input.workflow}`);
  }

  @Serves(routes.processChangedInputs)
  async processChangedInputs(
    @ValidatedCall() call: CallOf<typeof routes.processChangedInputs>,
  ): Promise<RouteResponse> {
    const { keys } = await this.answers.reply(ProcessChangedInputs, call);
    return JSON.stringify({ reinitialized_jobs: keys });
  }

  @Serves(routes.listMissingUserData)
  async listMissingUserData(@ValidatedCall() call: CallOf<typeof routes.listMissingUserData>): Promise<RouteResponse> {
    const { keys } = await this.answers.reply(ListMissingUserData, call);
    return JSON.stringify({ user_data: keys });
  }

  @Serves(routes.listRequiredFiles)
  async listRequiredFiles(@ValidatedCall() call: CallOf<typeof routes.listRequiredFiles>): Promise<RouteResponse> {
    const { ids } = await this.answers.reply(ListRequiredFiles, call);
    return JSON.stringify({ files: ids });
  }

  @Serves(routes.getReadyRequirements)
  async getReadyRequirements(
    @ValidatedCall() call: CallOf<typeof routes.getReadyRequirements>,
  ): Promise<RouteResponse> {
    return JSON.stringify(await this.answers.reply(GetReadyRequirements, call));
  }

  @Serves(routes.claim)
  async claim(@ValidatedCall() call: CallOf<typeof routes.claim>): Promise<RouteResponse> {
    const { documents, reason } = await this.answers.reply(ClaimJobs, call);
    return `{"jobs":[${documents.join(',')}],"reason":${JSON.stringify(reason)}}`;
  }

  @Serves(routes.claimNext)
  async claimNext(@ValidatedCall() call: CallOf<typeof routes.claimNext>): Promise<RouteResponse> {
    const { documents } = await this.answers.reply(ClaimNextJobs, call);
    return `{"jobs":[${documents.join(',')}]}`;
  }

  @Serves(routes.schedule)
  async schedule(@ValidatedCall() call: CallOf<typeof routes.schedule>): Promise<RouteResponse> {
    const { schedulers } = await this.answers.reply(ScheduleJobs, call);
    return `{"schedulers":[${schedulers.join(',')}]}`;
  }

  @Serves(routes.resetJobs)
  resetJobs(@ValidatedCall() call: CallOf<typeof routes.resetJobs>): Promise<RouteResponse> {
    return this.answers.done(ResetJobs, call, `Reset the jobs of workflow ${call.input.workflow}`);
  }

  @Serves(routes.enableAutoTune)
  enableAutoTune(@ValidatedCall() call: CallOf<typeof routes.enableAutoTune>): Promise<RouteResponse> {
    return this.answers.done(EnableAutoTune, call, `Enabled auto-tune of workflow ${call.input.workflow}`);
  }

  @Serves(routes.processAutoTune)
  processAutoTune(@ValidatedCall() call: CallOf<typeof routes.processAutoTune>): Promise<RouteResponse> {
    const message = `Processed the results of auto-tune of workflow ${call.input.workflow}`;
    return this.answers.done(ProcessAutoTune, call, message);
  }

  @Serves(routes.joinInbound)
  joinInbound(@ValidatedCall() call: CallOf<typeof routes.joinInbound>): Promise<RouteResponse> {
    return this.answers.wholeList(JoinByEdge, call, call.input.skip);
  }

  @Serves(routes.joinOutbound)
  joinOutbound(@ValidatedCall() call: CallOf<typeof routes.joinOutbound>): Promise<RouteResponse> {
    return this.answers.wholeList(JoinByEdge, call, call.input.skip);
  }

  @Serves(routes.getDotGraph)
  getDotGraph(@ValidatedCall() call: CallOf<typeof routes.getDotGraph>): Promise<RouteResponse> {
    return this.answers.pages(GetDotGraph, call, asLinesIn('graph'));
  }
}
