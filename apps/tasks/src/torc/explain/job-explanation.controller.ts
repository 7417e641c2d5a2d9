import { Controller } from '@nestjs/common';
import { MessagePattern, Payload } from '@nestjs/microservices';
import type { DomainError } from '#platform/domain-error.js';
import type { Answer, Message } from '#bus/contract.js';
import { isFinal, JOB_STATUSES, type JobStatus } from '#contracts/torc/statuses.js';
import type { DocumentReply } from '#contracts/torc/documents.js';
import { ExplainJob, type JobRequest } from '#contracts/torc/jobs.js';
import { ExplainTorcWorkflow, type WorkflowRequest } from '#contracts/torc/workflows.js';
import type { StoredUnit } from '../../engine/unit-row.js';
import { type UnitExplainer, UnitExplainers } from '../../explain/unit-explainers.js';
import { TorcMessageHandler } from '../message-handler.js';
import { TORC } from '../streams.js';
import { torcErrors } from '../torc-errors.js';
import { explainJob } from './job-explanation.js';
import { SeenOffers } from './seen-offers.js';
import { explainWorkflow } from './workflow-explanation.js';

/** Answers questions about Torc's jobs and workflows: of Torc's own route, and of those that all dialects share. */
@Controller()
export class JobExplanationController implements UnitExplainer {
  constructor(
    private readonly handler: TorcMessageHandler,
    private readonly offers: SeenOffers,
    explainers: UnitExplainers,
  ) {
    explainers.register(TORC, this);
  }

  @MessagePattern(ExplainJob.subject)
  explainJob(@Payload() message: Message<JobRequest>): Promise<Answer<DocumentReply>> {
    const { workflow: key, key: jobKey } = message.request;
    const view = this.handler.committed;
    return this.handler.read(message, (): DocumentReply | DomainError => {
      const workflow = view.workflow(key);
      if (workflow === undefined) return torcErrors.noWorkflow(key);
      const job = view.job(workflow, jobKey);
      if (job === undefined) return torcErrors.noDocument('job', jobKey, key);
      return { document: JSON.stringify(explainJob(view, workflow, job, this.offers.of(key))) };
    });
  }

  @MessagePattern(ExplainTorcWorkflow.subject)
  explainWorkflow(@Payload() message: Message<WorkflowRequest>): Promise<Answer<DocumentReply>> {
    const { workflow: key } = message.request;
    const view = this.handler.committed;
    return this.handler.read(message, (): DocumentReply | DomainError => {
      const workflow = view.workflow(key);
      if (workflow === undefined) return torcErrors.noWorkflow(key);
      return { document: JSON.stringify(explainWorkflow(view, workflow, this.offers.of(key))) };
    });
  }

  explain({ context }: Message<unknown>, { unit }: StoredUnit): Promise<Answer<DocumentReply>> {
    // Its id is the job's full id.
    const key = unit.id.slice(unit.id.indexOf('/') + 1);
    return this.explainJob({ context, request: { workflow: unit.workload, key } });
  }

  read<Reply>(message: Message<unknown>, { unit }: StoredUnit, reply: Reply): Promise<Answer<Reply>> {
    return this.handler.read(message, () => reply, unit.workload);
  }

  /** How many jobs are left. They differ too much for an estimate of hours from those that are complete. */
  remaining(message: Message<unknown>, key: string): Promise<Answer<DocumentReply>> {
    return this.handler.read(message, () => this.remainingOf(key), key);
  }

  private remainingOf(key: string): DocumentReply | DomainError {
    const view = this.handler.committed;
    const workflow = view.workflow(key);
    if (workflow === undefined) return torcErrors.noWorkflow(key);
    const count = (statuses: readonly JobStatus[]): number =>
      statuses.reduce((sum, status) => sum + view.countOfStatus(workflow, status), 0);
    const complete = count(JOB_STATUSES.filter(isFinal));
    const remaining = count(JOB_STATUSES.filter((status) => !isFinal(status)));
    const job = { complete, remaining, avg_hrs: null, remaining_hrs: remaining === 0 ? 0 : null };
    return { document: JSON.stringify({ tasks: { job }, remaining, remaining_hrs: job.remaining_hrs }) };
  }
}
