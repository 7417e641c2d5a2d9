import { Controller } from '@nestjs/common';
import { MessagePattern, Payload } from '@nestjs/microservices';
import type { Answer, Message, Nothing } from '#bus/contract.js';
import {
  EnableAutoTune,
  GetReadyRequirements,
  type InitializeJobsRequest,
  type ReadyRequirements,
  InitializeJobs,
  ListMissingUserData,
  ListRequiredFiles,
  ProcessAutoTune,
  ProcessChangedInputs,
  ResetJobs,
  RestartJobs,
  type RestartRequest,
} from '#contracts/torc/graph.js';
import type { WorkflowRequest } from '#contracts/torc/workflows.js';
import { TorcMessageHandler } from '../message-handler.js';
import { enableAutoTune, processAutoTune } from './auto-tune.js';
import { processChangedInputs } from './changed-inputs.js';
import { initializeJobs } from './initialize.js';
import { missingUserData, requiredExistingFiles } from './missing-inputs.js';
import { readyRequirements } from './ready-requirements.js';
import { resetJobs } from './reset.js';
import { restartJobs } from './restart.js';

/** Messages about all jobs of a workflow. */
@Controller()
export class GraphController {
  constructor(private readonly handler: TorcMessageHandler) {}

  @MessagePattern(InitializeJobs.subject)
  initialize(@Payload() message: Message<InitializeJobsRequest>): Promise<Answer<Nothing>> {
    return this.handler.execute(message, (view, timeMicros) => initializeJobs(view, message.request, timeMicros));
  }

  @MessagePattern(ProcessChangedInputs.subject)
  processChangedInputs(
    @Payload() message: Message<WorkflowRequest & { dry_run: boolean }>,
  ): Promise<Answer<{ keys: readonly string[] }>> {
    return this.handler.execute(message, (view, timeMicros) => processChangedInputs(view, message.request, timeMicros));
  }

  @MessagePattern(ResetJobs.subject)
  reset(@Payload() message: Message<WorkflowRequest & { failed_only: boolean }>): Promise<Answer<Nothing>> {
    return this.handler.execute(message, (view, timeMicros) => resetJobs(view, message.request, timeMicros));
  }

  @MessagePattern(RestartJobs.subject)
  restart(
    @Payload() message: Message<RestartRequest>,
  ): Promise<Answer<{ keys: readonly string[]; running: readonly string[] }>> {
    return this.handler.execute(message, (view, timeMicros) => restartJobs(view, message.request, timeMicros));
  }

  @MessagePattern(EnableAutoTune.subject)
  enableAutoTune(@Payload() message: Message<WorkflowRequest>): Promise<Answer<Nothing>> {
    const { workflow } = message.request;
    return this.handler.execute(message, (view, timeMicros) => enableAutoTune(view, workflow, timeMicros));
  }

  @MessagePattern(ProcessAutoTune.subject)
  processAutoTune(@Payload() message: Message<WorkflowRequest>): Promise<Answer<Nothing>> {
    const { workflow } = message.request;
    return this.handler.execute(message, (view, timeMicros) => processAutoTune(view, workflow, timeMicros));
  }

  @MessagePattern(ListMissingUserData.subject)
  missingUserData(@Payload() message: Message<WorkflowRequest>): Promise<Answer<{ keys: readonly string[] }>> {
    return this.handler.readInSlices(message, (view) => missingUserData(view, message.request.workflow));
  }

  @MessagePattern(ListRequiredFiles.subject)
  requiredFiles(@Payload() message: Message<WorkflowRequest>): Promise<Answer<{ ids: readonly string[] }>> {
    return this.handler.readInSlices(message, (view) => requiredExistingFiles(view, message.request.workflow));
  }

  @MessagePattern(GetReadyRequirements.subject)
  readyRequirements(
    @Payload() message: Message<WorkflowRequest & { scheduler_config_id?: string }>,
  ): Promise<Answer<ReadyRequirements>> {
    const { workflow, scheduler_config_id: scheduler } = message.request;
    return this.handler.readInSlices(message, (view) => readyRequirements(view, workflow, scheduler));
  }
}
