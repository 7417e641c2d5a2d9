import { Controller } from '@nestjs/common';
import { MessagePattern, Payload } from '@nestjs/microservices';
import { Environment } from '#platform/environment.js';
import type { Answer, Message } from '#bus/contract.js';
import { AcquireJobs, type AcquireJobsReply, type AcquireJobsRequest } from '#contracts/panda/pilot.js';
import {
  type BulkReportReply,
  type JobReport,
  type JobReportReply,
  UpdateJob,
  UpdateJobs,
} from '#contracts/panda/reports.js';
import { Adder } from '../adder/adder.js';
import { PandaMessageHandler } from '../message-handler.js';
import { updateJob } from '../report/update-job.js';
import { acquireJobs } from './acquire-jobs.js';

/** Messages of pilots, and of harvester for them. */
@Controller()
export class PilotController {
  constructor(
    private readonly handler: PandaMessageHandler,
    private readonly adder: Adder,
    private readonly environment: Environment,
  ) {}

  @MessagePattern(AcquireJobs.subject)
  acquire(@Payload() message: Message<AcquireJobsRequest>): Promise<Answer<AcquireJobsReply>> {
    // Fixed before the decision, which may be made again.
    const isAging = Math.random() < this.environment.PANDA_AGING_SHARE;
    return this.handler.execute(message, (view, timeMicros) => acquireJobs(view, message.request, isAging, timeMicros));
  }

  @MessagePattern(UpdateJob.subject)
  async update(@Payload() message: Message<JobReport>): Promise<Answer<JobReportReply>> {
    const answer = await this.handler.execute(message, (view, timeMicros) =>
      updateJob(view, message.request, timeMicros),
    );
    this.adder.wake();
    return answer;
  }

  /** Each report is a command of its own, so that it sees those before it. They are decided and appended together. */
  @MessagePattern(UpdateJobs.subject)
  async updateMany(
    @Payload() { context, request }: Message<{ readonly reports: readonly JobReport[] }>,
  ): Promise<Answer<{ readonly replies: readonly BulkReportReply[] }>> {
    const { commandId, ...shared } = context;
    const answers = await Promise.all(
      request.reports.map((report, at) => {
        const own = commandId === undefined ? shared : { ...shared, commandId: `${commandId}/${at}` };
        return this.handler.execute({ context: own, request: report }, (view, timeMicros) =>
          updateJob(view, report, timeMicros),
        );
      }),
    );
    this.adder.wake();
    const replies = answers.map((answer) => ('error' in answer ? { problem: answer.error.message } : answer.reply));
    return { reply: { replies } };
  }
}
