import { Controller } from '@nestjs/common';
import { MessagePattern, Payload } from '@nestjs/microservices';
import { nowMicros } from '#platform/clock.js';
import { Environment } from '#platform/environment.js';
import type { Answer, Message, Nothing } from '#bus/contract.js';
import { newId } from '#contracts/ids.js';
import { wantedFields } from '#contracts/iceprod/keys.js';
import {
  AddTask,
  type AddTaskRequest,
  AmendTask,
  GetTask,
  ReportTask,
  type ReportTaskRequest,
  SetTaskStatus,
} from '#contracts/iceprod/tasks.js';
import { type RaiseLimits, raiseLimits } from '../requirement-raise.js';
import { addTask } from './add.js';
import { amendTask } from './amend.js';
import { pickTask } from './document.js';
import { setTaskStatus, type SetTaskStatusCommand } from './move.js';
import { taskErrors } from './task-errors.js';
import { reportTask } from './report.js';
import { withWorkerId } from './worker-id.js';
import { MessageHandler } from '../message-handler.js';
import { ICEPROD, datasetRef } from '../streams.js';

/** Messages about one task. */
@Controller()
export class TaskController {
  private readonly needsInstance: boolean;
  private readonly raiseLimits: RaiseLimits;

  constructor(
    private readonly handler: MessageHandler,
    environment: Environment,
  ) {
    this.raiseLimits = raiseLimits(environment.ICEPROD_RAISE_MAX);
    this.needsInstance = environment.ICEPROD_REQUIRE_INSTANCE === 'on';
  }

  @MessagePattern(AddTask.subject)
  add(@Payload() message: Message<AddTaskRequest>): Promise<Answer<{ task_id: string }>> {
    const id = newId(datasetRef(message.request.dataset_id), nowMicros());
    return this.handler.execute(message, (view) => addTask(view, message.request, id));
  }

  @MessagePattern(GetTask.subject)
  get(
    @Payload() message: Message<{ task_id: string; dataset_id?: string; keys?: readonly string[] }>,
  ): Promise<Answer<{ document: string }>> {
    const { task_id: id, dataset_id: datasetId, keys } = message.request;
    const answer = () => {
      const stored = this.handler.committed.byId(ICEPROD, id);
      if (stored === undefined || (datasetId !== undefined && stored.unit.workload !== datasetId)) {
        return taskErrors.taskNotFound();
      }
      return { document: pickTask(stored.unit, wantedFields(keys, ['task_id'])) };
    };
    return this.handler.read(message, datasetId, answer, { unit: id, workload: datasetId });
  }

  @MessagePattern(AmendTask.subject)
  amend(@Payload() message: Message<{ task_id: string; fields: string }>): Promise<Answer<{ document: string }>> {
    return this.handler.execute(message, (view, timeMicros) => amendTask(view, message.request, timeMicros));
  }

  @MessagePattern(SetTaskStatus.subject)
  setStatus(@Payload() message: Message<SetTaskStatusCommand>): Promise<Answer<Nothing>> {
    return this.handler.execute(
      message,
      (view) => setTaskStatus(view, message.request, this.needsInstance),
      message.request.dataset_id,
      { unit: message.request.task_id, workload: message.request.dataset_id },
    );
  }

  @MessagePattern(ReportTask.subject)
  report(@Payload() message: Message<ReportTaskRequest>): Promise<Answer<{ document: string }>> {
    const request = withWorkerId(message);
    return this.handler.execute(message, (view) => reportTask(view, request, this.raiseLimits), undefined, {
      unit: request.task_id,
    });
  }
}
