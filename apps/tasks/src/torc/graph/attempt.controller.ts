import { Controller } from '@nestjs/common';
import { MessagePattern, Payload } from '@nestjs/microservices';
import { nowMicros } from '#platform/clock.js';
import type { Answer, Message } from '#bus/contract.js';
import type { DocumentReply } from '#contracts/torc/documents.js';
import {
  ClaimJobs,
  ClaimNextJobs,
  type ClaimReply,
  CompleteJob,
  ManageJobStatus,
  ScheduleJobs,
  StartJob,
  type AttemptRequest,
  type ClaimJobsRequest,
  type CompleteJobRequest,
  type ManageJobStatusRequest,
} from '#contracts/torc/jobs.js';
import type { WorkflowRequest } from '#contracts/torc/workflows.js';
import { SeenOffers } from '../explain/seen-offers.js';
import { TorcMessageHandler } from '../message-handler.js';
import { completeJob, startJob } from './attempt.js';
import { claimJobs, claimNextJobs, scheduleJobs } from './claim.js';
import { manageStatus } from './manage-status.js';

/** Messages of workers: they claim jobs, start and complete them. */
@Controller()
export class AttemptController {
  constructor(
    private readonly handler: TorcMessageHandler,
    private readonly offers: SeenOffers,
  ) {}

  @MessagePattern(ClaimJobs.subject)
  async claim(@Payload() message: Message<ClaimJobsRequest>): Promise<Answer<ClaimReply>> {
    const { request } = message;
    const answer = await this.handler.execute(message, (view, timeMicros) => claimJobs(view, request, timeMicros));
    if ('reply' in answer) {
      this.offers.remember(request.workflow, request.resources, nowMicros(), answer.reply.documents.length > 0);
    }
    return answer;
  }

  @MessagePattern(ClaimNextJobs.subject)
  claimNext(@Payload() message: Message<WorkflowRequest & { limit: number }>): Promise<Answer<ClaimReply>> {
    return this.handler.execute(message, (view, timeMicros) => claimNextJobs(view, message.request, timeMicros));
  }

  @MessagePattern(ScheduleJobs.subject)
  schedule(@Payload() message: Message<WorkflowRequest>): Promise<Answer<{ schedulers: readonly string[] }>> {
    const { workflow } = message.request;
    return this.handler.execute(message, (view, timeMicros) => scheduleJobs(view, workflow, timeMicros));
  }

  @MessagePattern(StartJob.subject)
  start(@Payload() message: Message<AttemptRequest>): Promise<Answer<DocumentReply>> {
    return this.handler.execute(message, (view, timeMicros) => startJob(view, message.request, timeMicros));
  }

  @MessagePattern(CompleteJob.subject)
  complete(@Payload() message: Message<CompleteJobRequest>): Promise<Answer<DocumentReply>> {
    return this.handler.execute(message, (view, timeMicros) => completeJob(view, message.request, timeMicros));
  }

  @MessagePattern(ManageJobStatus.subject)
  manage(@Payload() message: Message<ManageJobStatusRequest>): Promise<Answer<DocumentReply>> {
    return this.handler.execute(message, (view, timeMicros) => manageStatus(view, message.request, timeMicros));
  }
}
