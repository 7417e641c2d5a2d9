import { Controller } from '@nestjs/common';
import { ActOnTasks, SetRequirements, SetTasksStatus } from '#contracts/iceprod/tasks.js';
import type { CallOf, Served } from '../route/route.js';
import { Serves, TheCall } from '../route/serves.decorator.js';
import { Answers } from './answers.js';
import { taskBulkRoutes as routes } from './task-bulk.routes.js';

@Controller()
export class TaskBulkController {
  constructor(private readonly answers: Answers) {}

  @Serves(routes.setStatuses)
  setStatuses(@TheCall() call: CallOf<typeof routes.setStatuses>): Promise<Served> {
    return this.answers.done(SetTasksStatus, call);
  }

  @Serves(routes.setStatusesOfDataset)
  setStatusesOfDataset(@TheCall() call: CallOf<typeof routes.setStatusesOfDataset>): Promise<Served> {
    return this.answers.done(SetTasksStatus, call);
  }

  @Serves(routes.suspend)
  suspend(@TheCall() call: CallOf<typeof routes.suspend>): Promise<Served> {
    return this.answers.done(ActOnTasks, call);
  }

  @Serves(routes.reset)
  reset(@TheCall() call: CallOf<typeof routes.reset>): Promise<Served> {
    return this.answers.done(ActOnTasks, call);
  }

  @Serves(routes.hardReset)
  hardReset(@TheCall() call: CallOf<typeof routes.hardReset>): Promise<Served> {
    return this.answers.done(ActOnTasks, call);
  }

  @Serves(routes.mergeRequirements)
  mergeRequirements(@TheCall() call: CallOf<typeof routes.mergeRequirements>): Promise<Served> {
    return this.answers.done(SetRequirements, call);
  }

  @Serves(routes.replaceRequirements)
  replaceRequirements(@TheCall() call: CallOf<typeof routes.replaceRequirements>): Promise<Served> {
    return this.answers.done(SetRequirements, call);
  }
}
