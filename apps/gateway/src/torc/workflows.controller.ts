import { Controller, Req, Res } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { GetLatestEventTime, ListEventsAfter } from '#contracts/torc/documents.js';
import { COLLECTION_ORDER } from '#contracts/torc/edges.js';
import {
  CancelWorkflow,
  CheckCompletion,
  CreateWorkflow,
  DeleteWorkflow,
  GetWorkflow,
  ListWorkflows,
  PutWorkflow,
  ResetWorkflowStatus,
} from '#contracts/torc/workflows.js';
import type { CallOf, RouteResponse } from '../route/route.js';
import { Serves, ValidatedCall } from '../route/serves.decorator.js';
import { CompletionScripts } from './completion-scripts.js';
import { TorcAnswers } from './torc-answers.js';
import { workflowRoutes as routes } from './workflows.routes.js';

@Controller()
export class WorkflowsController {
  constructor(
    private readonly answers: TorcAnswers,
    private readonly scripts: CompletionScripts,
  ) {}

  @Serves(routes.list)
  list(@ValidatedCall() call: CallOf<typeof routes.list>): Promise<RouteResponse> {
    return this.answers.list(ListWorkflows, call);
  }

  @Serves(routes.create)
  create(@ValidatedCall() { input, context }: CallOf<typeof routes.create>): Promise<RouteResponse> {
    const { document, key } = input.body;
    return this.answers.document(CreateWorkflow, { input: { document, ...(key !== undefined && { key }) }, context });
  }

  @Serves(routes.get)
  get(@ValidatedCall() call: CallOf<typeof routes.get>): Promise<RouteResponse> {
    return this.answers.document(GetWorkflow, call);
  }

  @Serves(routes.put)
  put(@ValidatedCall() { input, context }: CallOf<typeof routes.put>): Promise<RouteResponse> {
    const { put, ...request } = input;
    return this.answers.document(PutWorkflow, { input: { ...request, ...put }, context });
  }

  @Serves(routes.delete)
  delete(@ValidatedCall() call: CallOf<typeof routes.delete>): Promise<RouteResponse> {
    return this.answers.document(DeleteWorkflow, call);
  }

  @Serves(routes.getConfig)
  getConfig(@ValidatedCall() call: CallOf<typeof routes.getConfig>): Promise<RouteResponse> {
    return this.answers.document(GetWorkflow, call);
  }

  @Serves(routes.putConfig)
  putConfig(@ValidatedCall() { input, context }: CallOf<typeof routes.putConfig>): Promise<RouteResponse> {
    const { put, ...request } = input;
    return this.answers.document(PutWorkflow, { input: { ...request, ...put }, context });
  }

  @Serves(routes.getStatus)
  getStatus(@ValidatedCall() call: CallOf<typeof routes.getStatus>): Promise<RouteResponse> {
    return this.answers.document(GetWorkflow, call);
  }

  @Serves(routes.putStatus)
  putStatus(@ValidatedCall() { input, context }: CallOf<typeof routes.putStatus>): Promise<RouteResponse> {
    const { put, ...request } = input;
    return this.answers.document(PutWorkflow, { input: { ...request, ...put }, context });
  }

  @Serves(routes.cancel)
  cancel(@ValidatedCall() call: CallOf<typeof routes.cancel>): Promise<RouteResponse> {
    return this.answers.done(CancelWorkflow, call, `Canceled workflow ${call.input.workflow}`);
  }

  @Serves(routes.resetStatus)
  resetStatus(@ValidatedCall() call: CallOf<typeof routes.resetStatus>): Promise<RouteResponse> {
    return this.answers.done(ResetWorkflowStatus, call, `Reset the status of workflow ${call.input.workflow}`);
  }

  @Serves(routes.isComplete)
  async isComplete(
    @ValidatedCall() call: CallOf<typeof routes.isComplete>,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<RouteResponse> {
    let answer = await this.answers.reply(CheckCompletion, call);
    // Whoever asks next is told to run the script if the answer before was lost. A client that is gone must not be.
    while (answer.is_unsettled === true) {
      await this.scripts.settled(call.input.workflow);
      if (request.raw.socket.destroyed) break;
      answer = await this.answers.reply(CheckCompletion, call);
    }
    const { hand_out, is_canceled, is_complete, needs_to_run_completion_script } = answer;
    if (hand_out !== undefined) this.scripts.follow({ ...call.input, hand_out }, request, reply);
    return JSON.stringify({ is_canceled, is_complete, needs_to_run_completion_script });
  }

  @Serves(routes.listCollections)
  async listCollections(@ValidatedCall() call: CallOf<typeof routes.listCollections>): Promise<RouteResponse> {
    await this.answers.reply(GetWorkflow, call);
    return JSON.stringify({ names: COLLECTION_ORDER.map((name) => `${name}__${call.input.workflow}`) });
  }

  @Serves(routes.getLatestEventTime)
  async getLatestEventTime(@ValidatedCall() call: CallOf<typeof routes.getLatestEventTime>): Promise<RouteResponse> {
    const { timestamp } = await this.answers.reply(GetLatestEventTime, call);
    return JSON.stringify({ timestamp });
  }

  @Serves(routes.listEventsAfter)
  listEventsAfter(@ValidatedCall() call: CallOf<typeof routes.listEventsAfter>): Promise<RouteResponse> {
    return this.answers.wholeList(ListEventsAfter, call);
  }
}
