import { Controller } from '@nestjs/common';
import { ReportWorkflow } from '#contracts/torc/workflows.js';
import type { CallOf, RouteResponse } from '../route/route.js';
import { Serves, ValidatedCall } from '../route/serves.decorator.js';
import { reportSvg } from './report-svg.js';
import { reportRoutes as routes } from './report.routes.js';
import { TorcAnswers } from './torc-answers.js';

@Controller()
export class ReportController {
  constructor(private readonly answers: TorcAnswers) {}

  @Serves(routes.report)
  async report(@ValidatedCall() call: CallOf<typeof routes.report>): Promise<RouteResponse> {
    return JSON.stringify(await this.answers.reply(ReportWorkflow, call));
  }

  @Serves(routes.picture)
  async picture(@ValidatedCall() call: CallOf<typeof routes.picture>): Promise<RouteResponse> {
    return Buffer.from(reportSvg(await this.answers.reply(ReportWorkflow, call)));
  }
}
