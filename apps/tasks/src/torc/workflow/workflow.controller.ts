import { Controller } from '@nestjs/common';
import { MessagePattern, Payload } from '@nestjs/microservices';
import type { Answer, Message } from '#bus/contract.js';
import type { DocumentReply } from '#contracts/torc/documents.js';
import { CreateWorkflow, GetWorkflow, type WorkflowPart, type WorkflowRequest } from '#contracts/torc/workflows.js';
import { TorcMessageHandler } from '../message-handler.js';
import { torcErrors } from '../torc-errors.js';
import { createWorkflow } from './create-workflow.js';
import { partText } from './workflow-rows.js';

/** Messages about workflows, their configs and statuses. */
@Controller()
export class WorkflowController {
  constructor(private readonly handler: TorcMessageHandler) {}

  @MessagePattern(GetWorkflow.subject)
  get(@Payload() message: Message<WorkflowRequest & { part: WorkflowPart }>): Promise<Answer<DocumentReply>> {
    const { workflow: key, part } = message.request;
    return this.handler.read(message, () => {
      const workflow = this.handler.committed.workflows.one(key);
      return workflow === undefined ? torcErrors.noWorkflow(key) : { document: partText(workflow, part) };
    });
  }

  @MessagePattern(CreateWorkflow.subject)
  create(@Payload() message: Message<{ document: string; key?: string }>): Promise<Answer<DocumentReply>> {
    return this.handler.execute(message, (view, timeMicros) => createWorkflow(view, message.request, timeMicros));
  }
}
