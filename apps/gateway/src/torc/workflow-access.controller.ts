import { Controller } from '@nestjs/common';
import { GetWorkflowAccess, SetWorkflowAccess } from '#contracts/torc/workflow-access.js';
import type { CallOf, RouteResponse } from '../route/route.js';
import { Serves, ValidatedCall } from '../route/serves.decorator.js';
import { TorcAnswers } from './torc-answers.js';
import { workflowAccessRoutes as routes } from './workflow-access.routes.js';

@Controller()
export class WorkflowAccessController {
  constructor(private readonly answers: TorcAnswers) {}

  @Serves(routes.get)
  async get(@ValidatedCall() call: CallOf<typeof routes.get>): Promise<RouteResponse> {
    return JSON.stringify(await this.answers.reply(GetWorkflowAccess, call));
  }

  @Serves(routes.set)
  async set(@ValidatedCall() { input, context }: CallOf<typeof routes.set>): Promise<RouteResponse> {
    const { workflow, access } = input;
    return JSON.stringify(await this.answers.reply(SetWorkflowAccess, { input: { ...access, workflow }, context }));
  }
}
