import { Controller } from '@nestjs/common';
import { MessagePattern, Payload } from '@nestjs/microservices';
import { nowMicros } from '#platform/clock.js';
import { DomainError } from '#platform/domain-error.js';
import type { Answer, Message, Nothing, Page } from '#bus/contract.js';
import { newId } from '#contracts/ids.js';

import {
  ActOnJobs,
  AddJob,
  type AddJobRequest,
  AmendJob,
  type BulkAction,
  CountJobs,
  GetJob,
  type JobSelection,
  ListJobs,
  type ListJobsRequest,
  SetJobsStatus,
  SetJobStatus,
  SummarizeJobs,
} from '#contracts/iceprod/jobs.js';
import { AccessRules } from '#projection/access-rules.js';
import type { Decision } from '#projection/command.js';
import { Mailbox } from '#projection/mailbox.js';
import { ReadModel } from '#projection/read-model.js';
import { datasetRef, Workloads } from '../workload/workloads.js';
import { actOnJobs, addJob, amendJob, setJobsStatus, setJobStatus, type SlicedDecision } from './job-decider.js';
import { JobProjection } from './job-projection.js';
import { countJobs, listJobs, summarizeJobs } from './job-queries.js';
import { Jobs } from './job-rows.js';
import { jobDocument } from './job.js';

type Ruled<Request> = Message<Request & { readonly dataset_id: string }>;

const refused = (error: DomainError): { readonly error: ReturnType<DomainError['toValue']> } => ({
  error: error.toValue(),
});

/** Messages about IceProd jobs. */
@Controller()
export class JobController {
  private readonly shown: Jobs;
  private readonly shownRules: AccessRules;
  private readonly decidedRules: AccessRules;

  constructor(
    private readonly mailbox: Mailbox,
    private readonly projection: JobProjection,
    readModel: ReadModel,
  ) {
    this.shown = new Jobs(readModel.queries, new Workloads(readModel.queries));
    this.shownRules = new AccessRules(readModel.queries);
    this.decidedRules = new AccessRules(readModel.writer);
  }

  @MessagePattern(AddJob.subject)
  add(@Payload() { context, request }: Message<AddJobRequest>): Promise<Answer<{ job_id: string }>> {
    const timeMicros = nowMicros();
    const id = newId(datasetRef(request.dataset_id), timeMicros);
    return this.mailbox.execute({ context, timeMicros, decide: () => addJob(this.projection.jobs, request, id) });
  }

  @MessagePattern(AmendJob.subject)
  amend(
    @Payload() { context, request }: Message<{ job_id: string; fields: string }>,
  ): Promise<Answer<{ document: string }>> {
    const timeMicros = nowMicros();
    return this.mailbox.execute({
      context,
      timeMicros,
      decide: () => amendJob(this.projection.jobs, request, timeMicros),
    });
  }

  @MessagePattern(SetJobStatus.subject)
  setStatus(
    @Payload() message: Message<{ dataset_id: string; job_id: string; status: string }>,
  ): Promise<Answer<Nothing>> {
    return this.change(message, (jobs) => setJobStatus(jobs, message.request));
  }

  @MessagePattern(SetJobsStatus.subject)
  setStatuses(
    @Payload() message: Message<{ dataset_id: string; jobs: readonly string[]; status: string }>,
  ): Promise<Answer<Nothing>> {
    return this.change(message, (jobs) => setJobsStatus(jobs, message.request));
  }

  @MessagePattern(ActOnJobs.subject)
  act(@Payload() message: Message<JobSelection & { action: BulkAction }>): Promise<Answer<Nothing>> {
    return this.change(message, (jobs) => actOnJobs(jobs, message.request));
  }

  @MessagePattern(GetJob.subject)
  get(@Payload() { context, request }: Message<{ job_id: string; dataset_id?: string }>): Answer<{ document: string }> {
    const { dataset_id: datasetId } = request;
    const denied = datasetId === undefined ? undefined : this.shownRules.judge(datasetId, 'read', context.caller);
    if (denied !== undefined) return refused(denied);
    const job = this.shown.byId(request.job_id);
    if (job === undefined || (datasetId !== undefined && job.datasetId !== datasetId)) {
      return refused(new DomainError('not-found', 'job.not-found', 'Job not found'));
    }
    return { reply: { document: jobDocument(job) } };
  }

  @MessagePattern(ListJobs.subject)
  list(@Payload() message: Message<ListJobsRequest>): Answer<Page> {
    return this.read(message, () => listJobs(this.shown, message.request));
  }

  @MessagePattern(SummarizeJobs.subject)
  summarize(@Payload() message: Message<{ dataset_id: string; cursor?: string }>): Answer<Page> {
    return this.read(message, () => summarizeJobs(this.shown, message.request));
  }

  @MessagePattern(CountJobs.subject)
  count(@Payload() message: Message<{ dataset_id: string }>): Answer<{ document: string }> {
    return this.read(message, () => ({ document: countJobs(this.shown, message.request.dataset_id) }));
  }

  private change<Request>(
    { context, request }: Ruled<Request>,
    decide: (jobs: Jobs) => Decision<Nothing> | SlicedDecision<Nothing>,
  ): Promise<Answer<Nothing>> {
    return this.mailbox.execute({
      context,
      timeMicros: nowMicros(),
      decide: () =>
        this.decidedRules.judge(request.dataset_id, 'write', context.caller) ?? decide(this.projection.jobs),
    });
  }

  private read<Request, Reply>({ context, request }: Ruled<Request>, answer: () => Reply | DomainError): Answer<Reply> {
    const reply = this.shownRules.judge(request.dataset_id, 'read', context.caller) ?? answer();
    return reply instanceof DomainError ? refused(reply) : { reply };
  }
}
