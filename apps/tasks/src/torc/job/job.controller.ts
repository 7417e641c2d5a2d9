import { Controller } from '@nestjs/common';
import { MessagePattern, Payload } from '@nestjs/microservices';
import type { Answer, Message, Page } from '#bus/contract.js';
import type { DocumentReply, TorcListPage } from '#contracts/torc/documents.js';
import {
  AddJob,
  AddJobUserData,
  GetJobRequirements,
  GetJobResult,
  type JobRequest,
  ListJobKeys,
  ListProcessStats,
  ListRelated,
  type ListRelatedRequest,
  type NewJob,
  SetJobRequirements,
} from '#contracts/torc/jobs.js';
import type { WorkflowRequest } from '#contracts/torc/workflows.js';
import { type PagedAnswers, textPages } from '#event-sourcing/paged-answers.js';
import { ReadModel } from '#event-sourcing/read-model.js';
import { TorcLists } from '../lists.js';
import { TorcMessageHandler } from '../message-handler.js';
import { torcErrors } from '../torc-errors.js';
import { addJob } from './add-jobs.js';
import { addJobUserData } from './add-user-data.js';
import { jobKeys } from './job-keys.js';
import { jobRequirements, setJobRequirements } from './job-requirements.js';
import { jobResult } from './job-result.js';
import { processStatsOf, relatedEntries } from './related.js';

/** Messages about jobs and what is related to them. */
@Controller()
export class JobController {
  private readonly lists: TorcLists;
  private readonly keys: PagedAnswers;

  constructor(
    private readonly handler: TorcMessageHandler,
    { snapshots }: ReadModel,
  ) {
    this.lists = new TorcLists(snapshots);
    this.keys = textPages(snapshots);
  }

  @MessagePattern(AddJob.subject)
  add(@Payload() message: Message<WorkflowRequest & { job: NewJob }>): Promise<Answer<DocumentReply>> {
    return this.handler.execute(message, (view) => addJob(view, message.request));
  }

  @MessagePattern(ListJobKeys.subject)
  listKeys(@Payload() message: Message<WorkflowRequest & { cursor?: string }>): Promise<Answer<Page>> {
    const { workflow: key, cursor } = message.request;
    return this.handler.read(message, () =>
      this.keys.page(cursor, (snapshot) => {
        const reader = this.handler.readerIn(snapshot);
        const workflow = reader.workflow(key);
        return workflow === undefined ? torcErrors.noWorkflow(key) : jobKeys(reader, workflow);
      }),
    );
  }

  @MessagePattern(ListRelated.subject)
  listRelated(@Payload() message: Message<ListRelatedRequest>): Promise<Answer<TorcListPage>> {
    const { request } = message;
    return this.handler.read(message, () =>
      this.lists.listSelected(request, (snapshot) => relatedEntries(this.handler.readerIn(snapshot), request)),
    );
  }

  @MessagePattern(ListProcessStats.subject)
  listProcessStats(@Payload() message: Message<JobRequest & { cursor?: string }>): Promise<Answer<Page>> {
    const { request } = message;
    return this.handler.read(message, () =>
      this.lists.listSelected({ ...request, skip: 0, limit: Infinity }, (snapshot) =>
        processStatsOf(this.handler.readerIn(snapshot), request),
      ),
    );
  }

  @MessagePattern(GetJobRequirements.subject)
  requirements(@Payload() message: Message<JobRequest>): Promise<Answer<DocumentReply>> {
    return this.handler.read(message, () => jobRequirements(this.handler.committed, message.request));
  }

  @MessagePattern(SetJobRequirements.subject)
  setRequirements(@Payload() message: Message<JobRequest & { group: string }>): Promise<Answer<DocumentReply>> {
    return this.handler.execute(message, (view) => setJobRequirements(view, message.request));
  }

  @MessagePattern(AddJobUserData.subject)
  addUserData(
    @Payload() message: Message<JobRequest & { document: string; userDataKey?: string }>,
  ): Promise<Answer<DocumentReply>> {
    return this.handler.execute(message, (view, timeMicros) => addJobUserData(view, message.request, timeMicros));
  }

  @MessagePattern(GetJobResult.subject)
  result(@Payload() message: Message<JobRequest>): Promise<Answer<DocumentReply>> {
    return this.handler.read(message, () => jobResult(this.handler.committed, message.request));
  }
}
