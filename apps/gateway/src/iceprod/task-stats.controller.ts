import { Controller } from '@nestjs/common';
import { AddTaskStat, ExportTaskStats, GetTaskStat, ListTaskStats } from '#contracts/iceprod/tasks.js';
import type { CallOf, RouteResponse } from '../route/route.js';
import { Serves, ValidatedCall } from '../route/serves.decorator.js';
import { Answers, resultOf } from './answers.js';
import { taskStatRoutes as routes } from './task-stats.routes.js';

@Controller()
export class TaskStatsController {
  constructor(private readonly answers: Answers) {}

  @Serves(routes.add)
  async add(@ValidatedCall() call: CallOf<typeof routes.add>): Promise<RouteResponse> {
    return resultOf((await this.answers.reply(AddTaskStat, call)).task_stat_id);
  }

  @Serves(routes.list)
  list(@ValidatedCall() call: CallOf<typeof routes.list>): Promise<RouteResponse> {
    return this.answers.documentsById(ListTaskStats, call);
  }

  @Serves(routes.get)
  get(@ValidatedCall() call: CallOf<typeof routes.get>): Promise<RouteResponse> {
    return this.answers.document(GetTaskStat, call);
  }

  @Serves(routes.export)
  export(@ValidatedCall() call: CallOf<typeof routes.export>): Promise<RouteResponse> {
    return this.answers.lines(ExportTaskStats, call);
  }
}
