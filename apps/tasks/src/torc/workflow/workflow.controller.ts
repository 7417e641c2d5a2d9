import { Controller } from '@nestjs/common';
import { MessagePattern, Payload } from '@nestjs/microservices';
import type { Answer, Message } from '#bus/contract.js';
import type { DocumentReply, TorcListPage } from '#contracts/torc/documents.js';
import {
  CreateWorkflow,
  DeleteWorkflow,
  GetWorkflow,
  ListWorkflows,
  type ListWorkflowsRequest,
  PutWorkflow,
  type PutWorkflowRequest,
  type WorkflowPart,
  type WorkflowRequest,
} from '#contracts/torc/workflows.js';
import { ReadModel } from '#event-sourcing/read-model.js';
import { workflowRulesOn } from '../access/workflow-access.js';
import { TorcLists } from '../lists.js';
import { TorcMessageHandler } from '../message-handler.js';
import { torcErrors } from '../torc-errors.js';
import { createWorkflow } from './create-workflow.js';
import { deleteWorkflow } from './delete-workflow.js';
import { putWorkflow } from './put-workflow.js';
import { partText } from './workflow-rows.js';
import { workflowSource } from './workflow-source.js';

/** Messages about workflows, their configs and statuses. */
@Controller()
export class WorkflowController {
  private readonly lists: TorcLists;

  constructor(
    private readonly handler: TorcMessageHandler,
    { snapshots }: ReadModel,
  ) {
    this.lists = new TorcLists(snapshots);
  }

  @MessagePattern(GetWorkflow.subject)
  get(@Payload() message: Message<WorkflowRequest & { part: WorkflowPart }>): Promise<Answer<DocumentReply>> {
    const { workflow: key, part } = message.request;
    return this.handler.read(message, () => {
      const workflow = this.handler.committed.workflows.one(key);
      return workflow === undefined ? torcErrors.noWorkflow(key) : { document: partText(workflow, part) };
    });
  }

  @MessagePattern(ListWorkflows.subject)
  list(@Payload() message: Message<ListWorkflowsRequest>): Promise<Answer<TorcListPage>> {
    return this.handler.read(message, () =>
      this.lists.list(message.request, (snapshot) => {
        const hidden = workflowRulesOn(snapshot.database).hiddenFrom(message.context.caller);
        return workflowSource(this.handler.readerIn(snapshot).workflows, hidden);
      }),
    );
  }

  @MessagePattern(CreateWorkflow.subject)
  create(@Payload() message: Message<{ document: string; key?: string }>): Promise<Answer<DocumentReply>> {
    return this.handler.execute(message, (view, timeMicros) => createWorkflow(view, message.request, timeMicros));
  }

  @MessagePattern(PutWorkflow.subject)
  put(@Payload() message: Message<PutWorkflowRequest>): Promise<Answer<DocumentReply>> {
    return this.handler.execute(message, (view) => putWorkflow(view, message.request));
  }

  @MessagePattern(DeleteWorkflow.subject)
  delete(@Payload() message: Message<WorkflowRequest & { client: string }>): Promise<Answer<DocumentReply>> {
    return this.handler.execute(message, (view, timeMicros) => deleteWorkflow(view, message.request, timeMicros));
  }
}
