import { Controller } from '@nestjs/common';
import { MessagePattern, Payload } from '@nestjs/microservices';
import type { Answer, Message } from '#bus/contract.js';
import { ReportWorkflow, type WorkflowReport, type WorkflowRequest } from '#contracts/torc/workflows.js';
import { TorcMessageHandler } from '../message-handler.js';
import { reportWorkflow } from './workflow-report.js';

@Controller()
export class ReportController {
  constructor(private readonly handler: TorcMessageHandler) {}

  @MessagePattern(ReportWorkflow.subject)
  report(@Payload() message: Message<WorkflowRequest>): Promise<Answer<WorkflowReport>> {
    return this.handler.readInSlices(message, (view) => reportWorkflow(view, message.request.workflow));
  }
}
