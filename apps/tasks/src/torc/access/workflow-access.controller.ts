import { Controller } from '@nestjs/common';
import { MessagePattern, Payload } from '@nestjs/microservices';
import type { Answer, Message } from '#bus/contract.js';
import { GetWorkflowAccess, SetWorkflowAccess, type WorkflowAccess } from '#contracts/torc/workflow-access.js';
import type { WorkflowRequest } from '#contracts/torc/workflows.js';
import { ReadModel } from '#event-sourcing/read-model.js';
import { TorcMessageHandler } from '../message-handler.js';
import { torcErrors } from '../torc-errors.js';
import { setWorkflowAccess, workflowRulesOn } from './workflow-access.js';

/** Messages about who may use a workflow. */
@Controller()
export class WorkflowAccessController {
  constructor(
    private readonly handler: TorcMessageHandler,
    private readonly readModel: ReadModel,
  ) {}

  @MessagePattern(GetWorkflowAccess.subject)
  get(@Payload() message: Message<WorkflowRequest>): Promise<Answer<WorkflowAccess>> {
    const { workflow: key } = message.request;
    return this.handler.read(message, () =>
      this.handler.committed.workflow(key) === undefined
        ? torcErrors.noWorkflow(key)
        : workflowRulesOn(this.readModel.queries).accessTo(key),
    );
  }

  @MessagePattern(SetWorkflowAccess.subject)
  set(@Payload() message: Message<WorkflowRequest & WorkflowAccess>): Promise<Answer<WorkflowAccess>> {
    return this.handler.execute(message, (view) => setWorkflowAccess(view, message.request, message.context.caller));
  }
}
