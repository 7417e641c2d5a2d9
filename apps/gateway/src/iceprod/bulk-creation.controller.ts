import { Controller } from '@nestjs/common';
import { Bus } from '#bus/bus.js';
import { AddJobs } from '#contracts/iceprod/jobs.js';
import { AddTasks, AddTasksToJobs } from '#contracts/iceprod/tasks.js';
import type { CallOf, Served } from '../route/route.js';
import { Serves, TheCall } from '../route/serves.decorator.js';
import { bulkCreationRoutes as routes } from './bulk-creation.routes.js';

@Controller()
export class BulkCreationController {
  constructor(private readonly bus: Bus) {}

  @Serves(routes.addJobs)
  async addJobs(@TheCall() { input, context }: CallOf<typeof routes.addJobs>): Promise<Served> {
    return JSON.stringify(await this.bus.request(AddJobs, input, context));
  }

  @Serves(routes.addToJobs)
  async addToJobs(@TheCall() { input, context }: CallOf<typeof routes.addToJobs>): Promise<Served> {
    return JSON.stringify(await this.bus.request(AddTasksToJobs, input, context));
  }

  @Serves(routes.add)
  async add(@TheCall() { input, context }: CallOf<typeof routes.add>): Promise<Served> {
    return JSON.stringify(await this.bus.request(AddTasks, input, context));
  }
}
