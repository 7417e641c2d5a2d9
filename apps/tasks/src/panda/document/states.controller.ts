import { Controller } from '@nestjs/common';
import { MessagePattern, Payload } from '@nestjs/microservices';
import { nowMicros } from '#platform/clock.js';
import type { Answer, Message } from '#bus/contract.js';
import { GetJobStates, GetOfflineScript, GetTaskStatus, type PolledJob } from '#contracts/panda/job-states.js';
import { GetTaskOwner, type TaskOwner } from '#contracts/panda/ownership.js';
import { GetJobStatistics, type StatisticsRequest } from '#contracts/panda/statistics.js';
import { PandaMessageHandler } from '../message-handler.js';
import { jobStatistics } from '../statistics/job-statistics.js';
import { offlineScript } from './offline-script.js';

/** What clients ask for again and again: short answers from committed state (contract 6.5, 6.7, 6.10, 8). */
@Controller()
export class StatesController {
  constructor(private readonly handler: PandaMessageHandler) {}

  @MessagePattern(GetTaskOwner.subject)
  owner(@Payload() message: Message<{ readonly task_id: number }>): Promise<Answer<TaskOwner>> {
    return this.handler.read(message, () => {
      const { userName: name = null, vo = null } = this.task(message)?.attributes ?? {};
      return { name, vo };
    });
  }

  @MessagePattern(GetTaskStatus.subject)
  taskStatus(
    @Payload() message: Message<{ readonly task_id: number }>,
  ): Promise<Answer<{ readonly status: string | null }>> {
    return this.handler.read(message, () => ({ status: this.task(message)?.status ?? null }));
  }

  @MessagePattern(GetJobStates.subject)
  jobStates(
    @Payload() message: Message<{ readonly job_ids: readonly number[] }>,
  ): Promise<Answer<{ readonly jobs: readonly (PolledJob | null)[] }>> {
    const { request } = message;
    return this.handler.readInSlices(message, function* (reader) {
      const jobs: (PolledJob | null)[] = [];
      for (const id of request.job_ids) {
        jobs.push(reader.jobRows.polled(id) ?? null);
        yield;
      }
      return { jobs };
    });
  }

  @MessagePattern(GetOfflineScript.subject)
  script(
    @Payload() message: Message<{ readonly job_id: number }>,
  ): Promise<Answer<{ readonly script: string | null }>> {
    return this.handler.read(message, () => {
      const job = this.handler.committed.job(message.request.job_id);
      return { script: job === undefined ? null : offlineScript(job) };
    });
  }

  @MessagePattern(GetJobStatistics.subject)
  statistics(@Payload() message: Message<StatisticsRequest>): Promise<Answer<{ readonly counts: string }>> {
    const { counts } = this.handler.committed;
    return this.handler.read(message, () => ({
      counts: jobStatistics(counts, this.handler.committed.shares(), message.request, nowMicros()),
    }));
  }

  private task({ request }: Message<{ readonly task_id: number }>) {
    return this.handler.committed.task(request.task_id);
  }
}
