import { Controller } from '@nestjs/common';
import { MessagePattern, Payload } from '@nestjs/microservices';
import { Environment } from '#platform/environment.js';
import type { Answer, Message } from '#bus/contract.js';
import {
  ChangeTask,
  type ChangeTaskRequest,
  CommandTask,
  KillTaskJobs,
  type KillTaskJobsRequest,
  ReassignShare,
  type ReassignShareRequest,
  RetryTaskWithParameters,
  type RetryWithParametersRequest,
  SubmitTask,
  type SubmitTaskRequest,
  type TaskCommandRequest,
  type TaskReply,
} from '#contracts/panda/task-commands.js';
import { changeTask } from '../change/change-task.js';
import { killUnfinished } from '../change/kill-unfinished.js';
import { reassignShare } from '../change/reassign-share.js';
import { PandaMessageHandler } from '../message-handler.js';
import { retryWithParameters, submitTask } from '../submit/submit-task.js';
import { registerCommand } from './register-command.js';

/** Messages that change tasks. */
@Controller()
export class TaskCommandController {
  constructor(
    private readonly handler: PandaMessageHandler,
    private readonly environment: Environment,
  ) {}

  @MessagePattern(SubmitTask.subject)
  submit(
    @Payload() message: Message<SubmitTaskRequest>,
  ): Promise<Answer<TaskReply & { readonly task_id: number | null }>> {
    const limits = { activeMax: this.environment.PANDA_ACTIVE_TASKS_MAX };
    return this.handler.execute(message, (view) => submitTask(view, message.request, limits));
  }

  @MessagePattern(CommandTask.subject)
  command(@Payload() message: Message<TaskCommandRequest>): Promise<Answer<TaskReply>> {
    return this.handler.execute(message, (view) => registerCommand(view, message.request));
  }

  @MessagePattern(RetryTaskWithParameters.subject)
  retry(@Payload() message: Message<RetryWithParametersRequest>): Promise<Answer<TaskReply>> {
    return this.handler.execute(message, (view) => retryWithParameters(view, message.request));
  }

  @MessagePattern(ChangeTask.subject)
  change(@Payload() message: Message<ChangeTaskRequest>): Promise<Answer<TaskReply>> {
    return this.handler.execute(message, (view, timeMicros) => changeTask(view, message.request, timeMicros));
  }

  @MessagePattern(ReassignShare.subject)
  reassignShare(@Payload() message: Message<ReassignShareRequest>): Promise<Answer<TaskReply>> {
    return this.handler.execute(message, (view) => reassignShare(view, message.request));
  }

  @MessagePattern(KillTaskJobs.subject)
  killJobs(@Payload() message: Message<KillTaskJobsRequest>): Promise<Answer<{ readonly killed: readonly boolean[] }>> {
    return this.handler.execute(message, (view, timeMicros) => killUnfinished(view, message.request, timeMicros));
  }
}
