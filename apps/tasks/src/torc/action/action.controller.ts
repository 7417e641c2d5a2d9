import { Controller } from '@nestjs/common';
import { MessagePattern, Payload } from '@nestjs/microservices';
import { nowMicros } from '#platform/clock.js';
import type { Answer, Message } from '#bus/contract.js';
import {
  ClaimAction,
  type ClaimActionRequest,
  CompleteAction,
  type CompleteActionRequest,
  ListActions,
} from '#contracts/torc/actions.js';
import type { DocumentReply } from '#contracts/torc/documents.js';
import type { WorkflowRequest } from '#contracts/torc/workflows.js';
import { ReadModel } from '#event-sourcing/read-model.js';
import { TorcMessageHandler } from '../message-handler.js';
import { actionRowsOn } from './action-rows.js';
import { claimAction, completeAction, listActions } from './actions.js';

/** Messages about the actions of workflows. */
@Controller()
export class ActionController {
  constructor(
    private readonly handler: TorcMessageHandler,
    private readonly readModel: ReadModel,
  ) {}

  @MessagePattern(ListActions.subject)
  list(@Payload() message: Message<WorkflowRequest>): Promise<Answer<{ readonly documents: readonly string[] }>> {
    const { committed } = this.handler;
    return this.handler.read(message, () =>
      listActions(committed, actionRowsOn(this.readModel.queries), message.request.workflow, nowMicros()),
    );
  }

  @MessagePattern(ClaimAction.subject)
  claim(@Payload() message: Message<ClaimActionRequest>): Promise<Answer<DocumentReply>> {
    const rows = actionRowsOn(this.readModel.writer);
    return this.handler.execute(message, (view, timeMicros) => claimAction(view, rows, message.request, timeMicros));
  }

  @MessagePattern(CompleteAction.subject)
  complete(@Payload() message: Message<CompleteActionRequest>): Promise<Answer<DocumentReply>> {
    const rows = actionRowsOn(this.readModel.writer);
    return this.handler.execute(message, (view) => completeAction(view, rows, message.request));
  }
}
