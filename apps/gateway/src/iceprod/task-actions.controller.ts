import { Controller } from '@nestjs/common';
import { ClaimTasks, PromoteTasks, QueueTasks, ReportTask } from '#contracts/iceprod/tasks.js';
import type { CallOf, RouteResponse } from '../route/route.js';
import { Serves, ValidatedCall } from '../route/serves.decorator.js';
import { Answers } from './answers.js';
import { withQueued } from './claimed-task.js';
import { taskActionRoutes as routes } from './task-actions.routes.js';

@Controller()
export class TaskActionsController {
  constructor(private readonly answers: Answers) {}

  @Serves(routes.promote)
  promote(@ValidatedCall() call: CallOf<typeof routes.promote>): Promise<RouteResponse> {
    return this.answers.json(PromoteTasks, call);
  }

  /** The presence of `num_tasks` chooses between today's form and the legacy one (IceProd contract 7.6). */
  @Serves(routes.queue)
  async queue(@ValidatedCall() { input, context }: CallOf<typeof routes.queue>): Promise<RouteResponse> {
    const { num_tasks, dataset_prio, requirements, query_params, pilot_id } = input;
    if (num_tasks !== undefined) {
      return this.answers.json(QueueTasks, { input: { num_tasks, dataset_prio }, context });
    }
    const one = { mode: 'queue', num: 1, requirements, query_params, dataset_deprio: [] } as const;
    const { documents } = await this.answers.reply(ClaimTasks, {
      input: pilot_id === undefined ? one : { ...one, pilot_id },
      context,
    });
    return withQueued(documents[0] ?? '{}');
  }

  @Serves(routes.queueMany)
  async queueMany(@ValidatedCall() call: CallOf<typeof routes.queueMany>): Promise<RouteResponse> {
    return `[${(await this.answers.reply(ClaimTasks, call)).documents.join(',')}]`;
  }

  @Serves(routes.process)
  async process(@ValidatedCall() call: CallOf<typeof routes.process>): Promise<RouteResponse> {
    const { documents } = await this.answers.reply(ClaimTasks, call);
    return documents[0] ?? '{}';
  }

  @Serves(routes.processing)
  processing(@ValidatedCall() call: CallOf<typeof routes.processing>): Promise<RouteResponse> {
    return this.answers.document(ReportTask, call);
  }

  @Serves(routes.reset)
  reset(@ValidatedCall() call: CallOf<typeof routes.reset>): Promise<RouteResponse> {
    return this.answers.document(ReportTask, call);
  }

  @Serves(routes.failed)
  failed(@ValidatedCall() call: CallOf<typeof routes.failed>): Promise<RouteResponse> {
    return this.answers.document(ReportTask, call);
  }

  @Serves(routes.complete)
  complete(@ValidatedCall() call: CallOf<typeof routes.complete>): Promise<RouteResponse> {
    return this.answers.document(ReportTask, call);
  }
}
