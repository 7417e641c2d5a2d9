import { Controller } from '@nestjs/common';
import { MessagePattern, Payload } from '@nestjs/microservices';
import { nowMicros } from '#platform/clock.js';
import { Ledger } from '#ledger/ledger.js';
import type { Answer, Message, Nothing, Page } from '#bus/contract.js';
import { newId, newIdPrefix } from '#contracts/ids.js';
import {
  ActOnJobs,
  AddJob,
  type AddJobRequest,
  AddJobs,
  type AddJobsRequest,
  AmendJob,
  type BulkAction,
  CountJobs,
  GetJob,
  GetNextJobIndex,
  type JobSelection,
  ListJobs,
  type ListJobsRequest,
  OutlineJobs,
  type OutlineJobsRequest,
  SetJobsStatus,
  SetJobStatus,
  SummarizeJobs,
} from '#contracts/iceprod/jobs.js';
import { ReadModel } from '#event-sourcing/read-model.js';
import { MessageHandler } from '../message-handler.js';
import { Workloads } from '../../workload/workloads.js';
import {
  actOnJobs,
  addJob,
  addJobs,
  amendJob,
  jobNotFound,
  jobNotMissing,
  setJobsStatus,
  setJobStatus,
} from './job-decider.js';
import { nextJobIndex, outlineJobs } from './job-outline.js';
import { JobProjection } from './job-projection.js';
import { countJobs, JobLists } from './job-queries.js';
import { Jobs } from './job-rows.js';
import { JobTasks } from './job-tasks.js';
import { jobDocument } from './job.js';
import { datasetRef } from '../streams.js';

/** Messages about IceProd jobs. */
@Controller()
export class JobController {
  private readonly committed: Jobs;
  private readonly lists: JobLists;
  private readonly tasks: JobTasks;

  constructor(
    private readonly handler: MessageHandler,
    private readonly projection: JobProjection,
    readModel: ReadModel,
    ledger: Ledger,
  ) {
    const workloads = new Workloads(readModel.queries);
    this.committed = new Jobs(readModel.queries, workloads);
    this.lists = new JobLists(workloads, ledger, readModel.snapshots);
    this.tasks = new JobTasks(handler.committed);
  }

  @MessagePattern(AddJob.subject)
  add(@Payload() message: Message<AddJobRequest>): Promise<Answer<{ job_id: string }>> {
    const id = newId(datasetRef(message.request.dataset_id), nowMicros());
    const { dataset_id: datasetId, job_index: index, jobs_max: jobs } = message.request;
    return this.handler.execute(message, () =>
      jobs !== undefined && !this.projection.jobs.lacks(datasetId, index, jobs)
        ? jobNotMissing()
        : addJob(this.projection.jobs, message.request, id),
    );
  }

  @MessagePattern(AddJobs.subject)
  addMany(@Payload() message: Message<AddJobsRequest>): Promise<Answer<{ jobs: number }>> {
    const { request } = message;
    const prefix = newIdPrefix(datasetRef(request.dataset_id), nowMicros());
    return this.handler.execute(message, () => addJobs(this.projection.jobs, request, prefix), request.dataset_id);
  }

  @MessagePattern(AmendJob.subject)
  amend(@Payload() message: Message<{ job_id: string; fields: string }>): Promise<Answer<{ document: string }>> {
    return this.handler.execute(message, (_, timeMicros) =>
      amendJob(this.projection.jobs, message.request, timeMicros),
    );
  }

  @MessagePattern(SetJobStatus.subject)
  setStatus(
    @Payload() message: Message<{ dataset_id: string; job_id: string; status: string }>,
  ): Promise<Answer<Nothing>> {
    const { request } = message;
    return this.handler.execute(message, () => setJobStatus(this.projection.jobs, request), request.dataset_id);
  }

  @MessagePattern(SetJobsStatus.subject)
  setStatuses(
    @Payload() message: Message<{ dataset_id: string; jobs: readonly string[]; status: string }>,
  ): Promise<Answer<Nothing>> {
    const { request } = message;
    return this.handler.execute(message, () => setJobsStatus(this.projection.jobs, request), request.dataset_id);
  }

  @MessagePattern(ActOnJobs.subject)
  act(@Payload() message: Message<JobSelection & { action: BulkAction }>): Promise<Answer<Nothing>> {
    const { request } = message;
    return this.handler.execute(message, () => actOnJobs(this.projection.jobs, request), request.dataset_id);
  }

  @MessagePattern(GetJob.subject)
  get(@Payload() message: Message<{ job_id: string; dataset_id?: string }>): Promise<Answer<{ document: string }>> {
    const { job_id: id, dataset_id: datasetId } = message.request;
    return this.handler.read(message, datasetId, () => {
      const job = this.committed.byId(id);
      if (job === undefined || (datasetId !== undefined && job.datasetId !== datasetId)) return jobNotFound();
      return { document: jobDocument(job) };
    });
  }

  @MessagePattern(ListJobs.subject)
  list(@Payload() message: Message<ListJobsRequest>): Promise<Answer<Page>> {
    return this.handler.read(message, message.request.dataset_id, () => this.lists.list(message.request));
  }

  @MessagePattern(SummarizeJobs.subject)
  summarize(@Payload() message: Message<{ dataset_id: string; cursor?: string }>): Promise<Answer<Page>> {
    const { dataset_id: datasetId, cursor } = message.request;
    return this.handler.read(message, datasetId, () => this.lists.summarize(datasetId, cursor));
  }

  @MessagePattern(CountJobs.subject)
  count(@Payload() message: Message<{ dataset_id: string }>): Promise<Answer<{ document: string }>> {
    const { dataset_id: datasetId } = message.request;
    return this.handler.read(message, datasetId, () => ({ document: countJobs(this.committed, datasetId) }));
  }

  @MessagePattern(GetNextJobIndex.subject)
  nextIndex(@Payload() message: Message<{ dataset_id: string }>): Promise<Answer<{ next_index: number }>> {
    const { dataset_id: datasetId } = message.request;
    return this.handler.read(message, datasetId, () => ({ next_index: nextJobIndex(this.committed, datasetId) }));
  }

  @MessagePattern(OutlineJobs.subject)
  outline(@Payload() message: Message<OutlineJobsRequest>): Promise<Answer<Page>> {
    const { request } = message;
    const tasksOf = (jobId: string): number => this.tasks.count(request.dataset_id, jobId);
    return this.handler.read(message, request.dataset_id, () => outlineJobs(this.committed, tasksOf, request));
  }
}
