import { Controller } from '@nestjs/common';
import { RestartJobs } from '#contracts/torc/graph.js';
import type { CallOf, RouteResponse } from '../route/route.js';
import { Serves, ValidatedCall } from '../route/serves.decorator.js';
import { restartRoutes as routes } from './restart.routes.js';
import { TorcAnswers } from './torc-answers.js';

@Controller()
export class RestartController {
  constructor(private readonly answers: TorcAnswers) {}

  @Serves(routes.restart)
  async restart(@ValidatedCall() call: CallOf<typeof routes.restart>): Promise<RouteResponse> {
    const { workflow, chosen } = call.input;
    const input = { ...chosen, workflow };
    const { keys, running } = await this.answers.reply(RestartJobs, { ...call, input });
    return JSON.stringify({ jobs: keys, running });
  }
}
