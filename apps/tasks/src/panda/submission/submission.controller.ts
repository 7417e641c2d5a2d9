import { Controller } from '@nestjs/common';
import { MessagePattern, Payload } from '@nestjs/microservices';
import { DomainError } from '#platform/domain-error.js';
import type { Answer, Message } from '#bus/contract.js';
import {
  ReassignJobs,
  SubmitJobs,
  type SubmitJobsRequest,
  type SubmittedJob,
} from '#contracts/panda/job-submission.js';
import type { Principal } from '#contracts/panda/principal.js';
import { eachElement } from '#contracts/raw-json.js';
import { Slices } from '#event-sourcing/slices.js';
import { PandaMessageHandler } from '../message-handler.js';
import { reassignJobs } from './reassign-jobs.js';
import { readJob, type SerializedJob } from './serialized-job.js';
import { submitJobs } from './submit-jobs.js';

/** Jobs of one submission; further ones are left out (contract 6.5). */
const JOBS_MAX = 5_000;

/** Jobs without a task. */
@Controller()
export class SubmissionController {
  constructor(private readonly handler: PandaMessageHandler) {}

  @MessagePattern(SubmitJobs.subject)
  async submit(
    @Payload() message: Message<SubmitJobsRequest>,
  ): Promise<Answer<{ readonly jobs: readonly SubmittedJob[] }>> {
    const { jobs: text, principal } = message.request;
    const jobs = await new Slices().drive(read(text));
    if (jobs instanceof DomainError) return { error: jobs.toValue() };
    return this.handler.execute(message, (view) => submitJobs(view, jobs, principal));
  }

  @MessagePattern(ReassignJobs.subject)
  reassign(
    @Payload() message: Message<{ readonly job_ids: readonly number[]; readonly principal: Principal }>,
  ): Promise<Answer<{ readonly reassigned: readonly number[] }>> {
    const { job_ids: ids, principal } = message.request;
    return this.handler.execute(message, (view) => reassignJobs(view, ids, principal));
  }
}

function* read(text: string): Generator<void, readonly SerializedJob[] | DomainError, void> {
  const jobs: SerializedJob[] = [];
  try {
    for (const element of eachElement(text)) {
      if (jobs.length >= JOBS_MAX) break;
      jobs.push(readJob(JSON.parse(element)));
      yield;
    }
  } catch (error) {
    const reason = error instanceof Error ? error.message : 'not readable';
    return new DomainError('invalid', 'panda.submit.unreadable', `Failed to deserialize jobs: ${reason}`);
  }
  return jobs;
}
