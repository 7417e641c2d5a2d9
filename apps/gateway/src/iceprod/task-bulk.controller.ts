import { Controller } from '@nestjs/common';
import { ActOnTasks, SetRequirements, SetTasksStatus } from '#contracts/iceprod/tasks.js';
import type { CallOf, RouteResponse } from '../route/route.js';
import { Serves, ValidatedCall } from '../route/serves.decorator.js';
import { Answers } from './answers.js';
import { taskBulkRoutes as routes } from './task-bulk.routes.js';

@Controller()
export class TaskBulkController {
  constructor(private readonly answers: Answers) {}

  @Serves(routes.setStatuses)
  setStatuses(@ValidatedCall() call: CallOf<typeof routes.setStatuses>): Promise<RouteResponse> {
    return this.answers.emptyObject(SetTasksStatus, call);
  }

  @Serves(routes.setStatusesOfDataset)
  setStatusesOfDataset(@ValidatedCall() call: CallOf<typeof routes.setStatusesOfDataset>): Promise<RouteResponse> {
    return this.answers.emptyObject(SetTasksStatus, call);
  }

  @Serves(routes.suspend)
  suspend(@ValidatedCall() call: CallOf<typeof routes.suspend>): Promise<RouteResponse> {
    return this.answers.emptyObject(ActOnTasks, call);
  }

  @Serves(routes.reset)
  reset(@ValidatedCall() call: CallOf<typeof routes.reset>): Promise<RouteResponse> {
    return this.answers.emptyObject(ActOnTasks, call);
  }

  @Serves(routes.hardReset)
  hardReset(@ValidatedCall() call: CallOf<typeof routes.hardReset>): Promise<RouteResponse> {
    return this.answers.emptyObject(ActOnTasks, call);
  }

  @Serves(routes.mergeRequirements)
  mergeRequirements(@ValidatedCall() call: CallOf<typeof routes.mergeRequirements>): Promise<RouteResponse> {
    return this.answers.emptyObject(SetRequirements, call);
  }

  @Serves(routes.replaceRequirements)
  replaceRequirements(@ValidatedCall() call: CallOf<typeof routes.replaceRequirements>): Promise<RouteResponse> {
    return this.answers.emptyObject(SetRequirements, call);
  }
}
