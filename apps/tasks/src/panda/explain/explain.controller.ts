import { Controller } from '@nestjs/common';
import { MessagePattern, Payload } from '@nestjs/microservices';
import { DomainError } from '#platform/domain-error.js';
import type { Answer, Message } from '#bus/contract.js';
import {
  ExplainPandaJob,
  ExplainTask,
  type FailedTask,
  type FailedTasksRequest,
  FindFailedTasks,
  RetryFailedTasks,
} from '#contracts/panda/explain.js';
import { isFinalJob, JOB_STATUSES, type JobStatus } from '#contracts/panda/statuses.js';
import type { StoredUnit } from '../../engine/unit-row.js';
import { type UnitExplainer, UnitExplainers } from '../../explain/unit-explainers.js';
import { PandaMessageHandler } from '../message-handler.js';
import { PANDA } from '../streams.js';
import { explainJob, explainTask } from './explanations.js';
import { failedTasks, retryFailedTasks } from './failed-tasks.js';

const notFound = (what: string): DomainError => new DomainError('not-found', `panda.${what}`, `${what} not found`);

/** Why tasks and jobs are where they are, for Cairn's own API; and what users do about it. */
@Controller()
export class PandaExplainController implements UnitExplainer {
  constructor(
    private readonly handler: PandaMessageHandler,
    explainers: UnitExplainers,
  ) {
    explainers.register(PANDA, this);
  }

  @MessagePattern(ExplainTask.subject)
  explainTask(
    @Payload() message: Message<{ readonly task_id: number }>,
  ): Promise<Answer<{ readonly document: string | null }>> {
    const { committed } = this.handler;
    return this.handler.read(message, () => {
      const task = committed.task(message.request.task_id);
      return { document: task === undefined ? null : JSON.stringify(explainTask(committed, task)) };
    });
  }

  @MessagePattern(ExplainPandaJob.subject)
  explainJob(
    @Payload() message: Message<{ readonly job_id: number }>,
  ): Promise<Answer<{ readonly document: string | null }>> {
    const { committed } = this.handler;
    return this.handler.read(message, () => {
      const job = committed.job(message.request.job_id);
      return { document: job === undefined ? null : JSON.stringify(explainJob(committed, job)) };
    });
  }

  @MessagePattern(FindFailedTasks.subject)
  failed(@Payload() message: Message<FailedTasksRequest>): Promise<Answer<{ readonly tasks: readonly FailedTask[] }>> {
    return this.handler.readInSlices(message, (reader) => failedTasks(reader, message.request));
  }

  @MessagePattern(RetryFailedTasks.subject)
  retry(@Payload() message: Message<FailedTasksRequest>): Promise<Answer<{ readonly tasks: readonly FailedTask[] }>> {
    return this.handler.execute(message, (view) => retryFailedTasks(view, message.request));
  }

  explain(message: Message<unknown>, { unit }: StoredUnit): Promise<Answer<{ document: string }>> {
    const { committed } = this.handler;
    return this.handler.read(message, () => {
      const job = committed.job(Number(unit.id));
      return job === undefined ? notFound('Job') : { document: JSON.stringify(explainJob(committed, job)) };
    });
  }

  read<Reply>(message: Message<unknown>, _stored: StoredUnit, reply: Reply): Promise<Answer<Reply>> {
    return this.handler.read(message, () => reply);
  }

  explainWorkload(message: Message<unknown>, name: string): Promise<Answer<{ document: string }>> {
    const { committed } = this.handler;
    return this.handler.read(message, () => {
      const task = committed.task(Number(name));
      return task === undefined ? notFound('Task') : { document: JSON.stringify(explainTask(committed, task)) };
    });
  }

  /** How many jobs are left of those that are made. They differ too much for an estimate of hours. */
  remaining(message: Message<unknown>, name: string): Promise<Answer<{ document: string }>> {
    const { committed } = this.handler;
    return this.handler.read(message, () => {
      const home = committed.home(name);
      const count = (statuses: readonly JobStatus[]): number =>
        statuses.reduce((sum, status) => sum + committed.countOfJobs(home, status), 0);
      const complete = count(JOB_STATUSES.filter(isFinalJob));
      const remaining = count(JOB_STATUSES.filter((status) => !isFinalJob(status)));
      const job = { complete, remaining, avg_hrs: null, remaining_hrs: remaining === 0 ? 0 : null };
      return { document: JSON.stringify({ tasks: { job }, remaining, remaining_hrs: job.remaining_hrs }) };
    });
  }
}
