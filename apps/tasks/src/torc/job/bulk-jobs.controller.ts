import { Controller } from '@nestjs/common';
import { MessagePattern, Payload } from '@nestjs/microservices';
import { DomainError } from '#platform/domain-error.js';
import type { Answer, Message, Page } from '#bus/contract.js';
import { AddJobs, ListAddedJobs } from '#contracts/torc/jobs.js';
import { type PagedAnswers, textPages } from '#event-sourcing/paged-answers.js';
import { ReadModel } from '#event-sourcing/read-model.js';
import { Slices } from '#event-sourcing/slices.js';
import { chunked } from '../chunked.js';
import { TorcMessageHandler } from '../message-handler.js';
import type { TorcReader } from '../sqlite-view.js';
import { torcErrors } from '../torc-errors.js';
import type { Workflow } from '../view.js';
import { addManyJobs } from './add-jobs.js';
import { bulkJobsOf } from './bulk-body.js';
import { jobDocument } from './job-document.js';

function* jobsBetween({ jobRows }: TorcReader, workflow: Workflow, first: number, last: number): Iterable<string> {
  for (const job of jobRows.jobs(workflow, first - 1)) {
    if (job.ordinal > last) return;
    yield jobDocument(job, workflow);
  }
}

/** Messages about many jobs that are added at once. */
@Controller()
export class BulkJobsController {
  private readonly answers: PagedAnswers;

  constructor(
    private readonly handler: TorcMessageHandler,
    { snapshots }: ReadModel,
  ) {
    this.answers = textPages(snapshots);
  }

  @MessagePattern(AddJobs.subject)
  async addMany(
    @Payload() message: Message<{ readonly workflow: string; readonly body: string }>,
  ): Promise<Answer<{ readonly first: number; readonly last: number }>> {
    const { workflow, body } = message.request;
    const jobs = await new Slices().drive(bulkJobsOf(workflow, body));
    if (jobs instanceof DomainError) return { error: jobs.toValue() };
    return this.handler.execute(message, (view) => addManyJobs(view, workflow, jobs));
  }

  @MessagePattern(ListAddedJobs.subject)
  listAdded(
    @Payload()
    message: Message<{
      readonly workflow: string;
      readonly first: number;
      readonly last: number;
      readonly cursor?: string;
    }>,
  ): Promise<Answer<Page>> {
    const { workflow: key, first, last, cursor } = message.request;
    return this.handler.read(message, () =>
      this.answers.page(cursor, (snapshot) => {
        const reader = this.handler.readerIn(snapshot);
        const workflow = reader.workflow(key);
        return workflow === undefined
          ? torcErrors.noWorkflow(key)
          : chunked(jobsBetween(reader, workflow, first, last));
      }),
    );
  }
}
