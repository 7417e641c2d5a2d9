import { Controller } from '@nestjs/common';
import { Bus } from '#bus/bus.js';
import { AddJobs } from '#contracts/iceprod/jobs.js';
import { AddTasks, AddTasksToJobs } from '#contracts/iceprod/tasks.js';
import type { CallOf, RouteResponse } from '../route/route.js';
import { Serves, ValidatedCall } from '../route/serves.decorator.js';
import { bulkCreationRoutes as routes } from './bulk-creation.routes.js';

@Controller()
export class BulkCreationController {
  constructor(private readonly bus: Bus) {}

  @Serves(routes.addJobs)
  async addJobs(@ValidatedCall() { input, context }: CallOf<typeof routes.addJobs>): Promise<RouteResponse> {
    return JSON.stringify(await this.bus.request(AddJobs, input, context));
  }

  @Serves(routes.addToJobs)
  async addToJobs(@ValidatedCall() { input, context }: CallOf<typeof routes.addToJobs>): Promise<RouteResponse> {
    return JSON.stringify(await this.bus.request(AddTasksToJobs, input, context));
  }

  @Serves(routes.add)
  async add(@ValidatedCall() { input, context }: CallOf<typeof routes.add>): Promise<RouteResponse> {
    return JSON.stringify(await this.bus.request(AddTasks, input, context));
  }
}
