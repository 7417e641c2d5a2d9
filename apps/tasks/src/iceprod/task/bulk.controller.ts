import { Controller } from '@nestjs/common';
import { MessagePattern, Payload } from '@nestjs/microservices';
import { nowMicros } from '#platform/clock.js';
import type { Answer, Message, Nothing } from '#bus/contract.js';
import { newIdPrefix } from '#contracts/ids.js';
import type { BulkAction } from '#contracts/iceprod/jobs.js';
import {
  ActOnTasks,
  AddTasks,
  type AddTasksRequest,
  AddTasksToJobs,
  type AddTasksToJobsRequest,
  SetRequirements,
  SetTasksStatus,
  type TaskSelection,
} from '#contracts/iceprod/tasks.js';
import { jobNotMissing } from '../job/job-decider.js';
import { JobProjection } from '../job/job-projection.js';
import { addTasks, addTasksToJobs, bulkIds } from './add.js';
import { actOnTasks, setRequirements, setTasksStatus } from './bulk.js';
import { MessageHandler } from '../message-handler.js';
import { datasetRef } from '../streams.js';

/** Messages that change many tasks at once. */
@Controller()
export class BulkController {
  constructor(
    private readonly handler: MessageHandler,
    private readonly jobs: JobProjection,
  ) {}

  @MessagePattern(AddTasks.subject)
  add(@Payload() message: Message<AddTasksRequest>): Promise<Answer<{ jobs: number; tasks: number }>> {
    const { request } = message;
    const { dataset_id: id, first_job_index: index, jobs_max: jobs } = request;
    const ids = bulkIds(id, nowMicros());
    return this.handler.execute(
      message,
      (view) => {
        if (jobs !== undefined && !this.jobs.jobs.lacks(id, index, jobs)) return jobNotMissing();
        return addTasks(view, this.jobs.jobs, request, ids);
      },
      request.dataset_id,
    );
  }

  @MessagePattern(AddTasksToJobs.subject)
  addToJobs(@Payload() message: Message<AddTasksToJobsRequest>): Promise<Answer<{ tasks: number }>> {
    const { request } = message;
    const prefix = newIdPrefix(datasetRef(request.dataset_id), nowMicros());
    return this.handler.execute(
      message,
      (view) => addTasksToJobs(view, this.jobs.jobs, request, prefix),
      request.dataset_id,
    );
  }

  @MessagePattern(SetTasksStatus.subject)
  setStatus(
    @Payload() message: Message<{ dataset_id?: string; tasks: readonly string[]; status: string }>,
  ): Promise<Answer<Nothing>> {
    return this.handler.execute(message, (view) => setTasksStatus(view, message.request), message.request.dataset_id);
  }

  @MessagePattern(ActOnTasks.subject)
  act(@Payload() message: Message<TaskSelection & { action: BulkAction }>): Promise<Answer<Nothing>> {
    return this.handler.execute(message, (view) => actOnTasks(view, message.request), message.request.dataset_id);
  }

  @MessagePattern(SetRequirements.subject)
  setRequirements(
    @Payload()
    message: Message<{ dataset_id: string; name: string; mode: 'merge' | 'replace'; requirements: string }>,
  ): Promise<Answer<Nothing>> {
    return this.handler.execute(message, (view) => setRequirements(view, message.request), message.request.dataset_id);
  }
}
