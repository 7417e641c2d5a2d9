import { randomUUID } from 'node:crypto';
import { Controller } from '@nestjs/common';
import { MessagePattern, Payload } from '@nestjs/microservices';
import { nowMicros } from '#platform/clock.js';
import type { Answer, Message, Nothing } from '#bus/contract.js';
import {
  CancelWorkflow,
  CheckCompletion,
  type Completion,
  ResetWorkflowStatus,
  SettleCompletionScript,
  type WorkflowRequest,
} from '#contracts/torc/workflows.js';
import { TorcMessageHandler } from '../message-handler.js';
import { cancelWorkflow } from './cancel.js';
import { checkCompletion, readCompletion, settleCompletionScript } from './completion.js';
import { resetStatus } from './reset.js';

/** Messages about the end of a workflow. */
@Controller()
export class CompletionController {
  constructor(private readonly handler: TorcMessageHandler) {}

  @MessagePattern(CheckCompletion.subject)
  check(@Payload() message: Message<WorkflowRequest>): Promise<Answer<Completion>> {
    const { workflow } = message.request;
    // Many workers ask every few seconds: only the hand-out of the script is a change.
    const known = readCompletion(this.handler.committed, workflow, nowMicros());
    if (known !== undefined) return this.handler.read(message, () => known);
    const handOut = randomUUID();
    return this.handler.execute(message, (view, timeMicros) => checkCompletion(view, workflow, handOut, timeMicros));
  }

  @MessagePattern(SettleCompletionScript.subject)
  settle(
    @Payload() message: Message<WorkflowRequest & { hand_out: string; has_arrived: boolean }>,
  ): Promise<Answer<Nothing>> {
    return this.handler.execute(message, (view, timeMicros) =>
      settleCompletionScript(view, message.request, timeMicros),
    );
  }

  @MessagePattern(CancelWorkflow.subject)
  cancel(@Payload() message: Message<WorkflowRequest>): Promise<Answer<Nothing>> {
    const { workflow } = message.request;
    return this.handler.execute(message, (view, timeMicros) => cancelWorkflow(view, workflow, timeMicros));
  }

  @MessagePattern(ResetWorkflowStatus.subject)
  resetStatus(@Payload() message: Message<WorkflowRequest>): Promise<Answer<Nothing>> {
    const { workflow } = message.request;
    return this.handler.execute(message, (view, timeMicros) => resetStatus(view, workflow, timeMicros));
  }
}
