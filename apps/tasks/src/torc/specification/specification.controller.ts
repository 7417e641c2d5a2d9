import { Controller } from '@nestjs/common';
import { MessagePattern, Payload } from '@nestjs/microservices';
import { DomainError } from '#platform/domain-error.js';
import type { Answer, Message, Page } from '#bus/contract.js';
import type { DocumentReply, Paging, TorcListPage } from '#contracts/torc/documents.js';
import { type DotGraphName, GetDotGraph } from '#contracts/torc/graph.js';
import type { JobRequest } from '#contracts/torc/jobs.js';
import {
  CreateFromSpecification,
  ExportSpecification,
  GetJobSpecification,
  ListJobSpecifications,
} from '#contracts/torc/specifications.js';
import type { WorkflowRequest } from '#contracts/torc/workflows.js';
import { type PagedAnswers, textPages } from '#event-sourcing/paged-answers.js';
import { ReadModel } from '#event-sourcing/read-model.js';
import { Slices } from '#event-sourcing/slices.js';
import { actionRowsOn } from '../action/action-rows.js';
import { chunked } from '../chunked.js';
import { jobSource } from '../job/job-source.js';
import { type ListSource, TorcLists } from '../lists.js';
import { TorcMessageHandler } from '../message-handler.js';
import type { TorcReader } from '../sqlite-view.js';
import { torcErrors } from '../torc-errors.js';
import type { Job, Workflow } from '../view.js';
import { compileSpecification } from './compile.js';
import { createFromSpecification } from './create-from-specification.js';
import { dotGraph } from './dot-graph.js';
import { exportedSpecification } from './export.js';
import { jobSpecification, plainNames } from './job-specification.js';

type Paged = WorkflowRequest & { readonly cursor?: string };

/** The jobs of a workflow as a specification has them. */
const jobSpecificationSource = (reader: TorcReader, workflow: Workflow): ListSource => {
  const nameAt = plainNames(reader, workflow);
  const entryOf = (job: Job) => ({
    ordinal: job.ordinal,
    text: jobSpecification(reader, workflow, job, nameAt),
  });
  return {
    ...jobSource(reader, workflow),
    after: (ordinal, limit) => reader.jobRows.after(workflow, Math.max(0, ordinal), limit).map(entryOf),
    at: (ordinal) => {
      const job = reader.jobAt(workflow, ordinal);
      return job && entryOf(job);
    },
  };
};

/** Messages about specifications of workflows, and what shows a workflow as one text. */
@Controller()
export class SpecificationController {
  private readonly answers: PagedAnswers;
  private readonly lists: TorcLists;

  constructor(
    private readonly handler: TorcMessageHandler,
    { snapshots }: ReadModel,
  ) {
    this.answers = textPages(snapshots);
    this.lists = new TorcLists(snapshots);
  }

  @MessagePattern(CreateFromSpecification.subject)
  async create(@Payload() message: Message<{ readonly body: string }>): Promise<Answer<DocumentReply>> {
    // Checked before it waits for its turn: that needs no state, and takes long.
    const specification = await new Slices().drive(compileSpecification(message.request.body));
    if (specification instanceof DomainError) return { error: specification.toValue() };
    return this.handler.execute(
      message,
      (view, timeMicros) => createFromSpecification(view, specification, timeMicros),
      specification.key,
    );
  }

  @MessagePattern(ExportSpecification.subject)
  export(@Payload() message: Message<Paged>): Promise<Answer<Page>> {
    return this.answer(message, (reader, workflow) =>
      exportedSpecification(reader, workflow, actionRowsOn(reader.reader.database).all(workflow.workload)),
    );
  }

  @MessagePattern(GetDotGraph.subject)
  dotGraph(@Payload() message: Message<Paged & { readonly name: DotGraphName }>): Promise<Answer<Page>> {
    const { name } = message.request;
    return this.answer(message, (reader, workflow) => dotGraph(reader, workflow, name));
  }

  @MessagePattern(ListJobSpecifications.subject)
  listJobs(@Payload() message: Message<Paged & Paging>): Promise<Answer<TorcListPage>> {
    const { workflow: key } = message.request;
    return this.handler.read(message, () =>
      this.lists.list(message.request, (snapshot) => {
        const reader = this.handler.readerIn(snapshot);
        const workflow = reader.workflow(key);
        return workflow === undefined ? torcErrors.noWorkflow(key) : jobSpecificationSource(reader, workflow);
      }),
    );
  }

  @MessagePattern(GetJobSpecification.subject)
  getJob(@Payload() message: Message<JobRequest>): Promise<Answer<DocumentReply>> {
    const { workflow: workflowKey, key } = message.request;
    return this.handler.read(message, () => {
      const { committed } = this.handler;
      const workflow = committed.workflow(workflowKey);
      if (workflow === undefined) return torcErrors.noWorkflow(workflowKey);
      const job = committed.job(workflow, key);
      return job === undefined
        ? torcErrors.noDocument('job', key, workflowKey)
        : { document: jobSpecification(committed, workflow, job, plainNames(committed, workflow)) };
    });
  }

  private answer(
    message: Message<Paged>,
    textsOf: (reader: TorcReader, workflow: Workflow) => Iterable<string | undefined>,
  ): Promise<Answer<Page>> {
    const { workflow: key, cursor } = message.request;
    return this.handler.read(message, () =>
      this.answers.page(cursor, (snapshot) => {
        const reader = this.handler.readerIn(snapshot);
        const workflow = reader.workflow(key);
        return workflow === undefined ? torcErrors.noWorkflow(key) : chunked(textsOf(reader, workflow));
      }),
    );
  }
}
