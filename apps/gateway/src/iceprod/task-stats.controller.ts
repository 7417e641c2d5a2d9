import { Controller } from '@nestjs/common';
import { AddTaskStat, ExportTaskStats, GetTaskStat, ListTaskStats } from '#contracts/iceprod/tasks.js';
import type { CallOf, Served } from '../route/route.js';
import { Serves, TheCall } from '../route/serves.decorator.js';
import { Answers, resultOf } from './answers.js';
import { taskStatRoutes as routes } from './task-stats.routes.js';

@Controller()
export class TaskStatsController {
  constructor(private readonly answers: Answers) {}

  @Serves(routes.add)
  async add(@TheCall() call: CallOf<typeof routes.add>): Promise<Served> {
    return resultOf((await this.answers.reply(AddTaskStat, call)).task_stat_id);
  }

  @Serves(routes.list)
  list(@TheCall() call: CallOf<typeof routes.list>): Promise<Served> {
    return this.answers.documentsById(ListTaskStats, call);
  }

  @Serves(routes.get)
  get(@TheCall() call: CallOf<typeof routes.get>): Promise<Served> {
    return this.answers.document(GetTaskStat, call);
  }

  @Serves(routes.export)
  export(@TheCall() call: CallOf<typeof routes.export>): Promise<Served> {
    return this.answers.lines(ExportTaskStats, call);
  }
}
