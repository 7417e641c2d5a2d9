import { Controller } from '@nestjs/common';
import { ExplainJob } from '#contracts/torc/jobs.js';
import { ExplainTorcWorkflow } from '#contracts/torc/workflows.js';
import type { CallOf, RouteResponse } from '../route/route.js';
import { Serves, ValidatedCall } from '../route/serves.decorator.js';
import { jobExplanationRoutes as routes } from './job-explanation.routes.js';
import { TorcAnswers } from './torc-answers.js';

@Controller()
export class JobExplanationController {
  constructor(private readonly answers: TorcAnswers) {}

  @Serves(routes.job)
  job(@ValidatedCall() call: CallOf<typeof routes.job>): Promise<RouteResponse> {
    return this.answers.document(ExplainJob, call);
  }

  @Serves(routes.workflow)
  workflow(@ValidatedCall() call: CallOf<typeof routes.workflow>): Promise<RouteResponse> {
    return this.answers.document(ExplainTorcWorkflow, call);
  }
}
