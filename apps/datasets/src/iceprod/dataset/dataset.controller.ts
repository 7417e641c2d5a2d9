import type { DatabaseSync } from 'node:sqlite';
import { Controller } from '@nestjs/common';
import { MessagePattern } from '@nestjs/microservices';
import { nowMicros } from '#platform/clock.js';
import { DomainError, type DomainErrorValue } from '#platform/domain-error.js';
import { Environment } from '#platform/environment.js';
import { ref, streamName } from '#ledger/ref.js';
import type { Answer, Caller, Message, Nothing } from '#bus/contract.js';
import type { AccessAction } from '#contracts/access.js';
import {
  ChangeDataset,
  type ChangeDatasetRequest,
  GetDataset,
  AuthorizeAccess,
  ListDatasets,
  type ListDatasetsRequest,
  SubmitDataset,
  type SubmitDatasetRequest,
  SummarizeDatasets,
} from '#contracts/iceprod/datasets.js';
import type { ListPage } from '#contracts/lists.js';
import { newId } from '#contracts/ids.js';
import type { DatasetSubmitted } from '#contracts/iceprod/dataset-events.js';
import { Ledger } from '#ledger/ledger.js';
import { AccessRules } from '#event-sourcing/access-rules.js';
import { refuseFuturePosition } from '#event-sourcing/changed-since.js';
import { Groups } from '#event-sourcing/groups.js';
import { Mailbox } from '#event-sourcing/mailbox.js';
import { type PagedAnswers, textPages } from '#event-sourcing/paged-answers.js';
import { perConnection } from '#event-sourcing/per-connection.js';
import { ReadModel } from '#event-sourcing/read-model.js';
import { SortedLists } from '#event-sourcing/sorted-lists.js';
import { DatasetNumbers } from '../numbers/dataset-numbers.js';
import { type Changed, changeDataset, datasetNotFound } from './change-dataset.js';
import { type Dataset, evolve, submitted } from './dataset.js';
import { DatasetQuotas, growthOf } from './dataset-usage.js';
import { Datasets } from './datasets.js';
import { submissionOf } from './submit-dataset.js';

/** The slot in a dataset's id says nothing: its home follows from the whole id. */
const DATASETS_REF = ref('iceprod', 'main', 'datasets');

const datasetStream = (datasetId: string): string => streamName('workload', ref('iceprod', 'main', datasetId));

const refused = (error: DomainError): { readonly error: DomainErrorValue } => ({ error: error.toValue() });

/** Messages about IceProd datasets. */
@Controller()
export class DatasetController {
  private readonly shownRules: AccessRules;
  private readonly shown: Datasets;
  private readonly lists: PagedAnswers;
  private readonly datasetsOn: (database: DatabaseSync) => Datasets;
  private readonly decidedRules: AccessRules;
  private readonly decided: Datasets;
  private readonly groups: Groups;
  private readonly quotas: DatasetQuotas;
  private readonly numbers: DatasetNumbers;

  constructor(
    private readonly mailbox: Mailbox,
    private readonly ledger: Ledger,
    readModel: ReadModel,
    environment: Environment,
  ) {
    this.shownRules = new AccessRules(readModel.queries, 'iceprod');
    this.shown = new Datasets(readModel.queries, this.shownRules);
    this.lists = textPages(readModel.snapshots);
    const sorted = new SortedLists();
    this.datasetsOn = perConnection((database) => new Datasets(database, this.shownRules, sorted));
    this.decidedRules = new AccessRules(readModel.writer, 'iceprod');
    this.decided = new Datasets(readModel.writer, this.decidedRules);
    this.groups = new Groups(readModel.queries);
    this.quotas = new DatasetQuotas(readModel.writer, environment);
    this.numbers = new DatasetNumbers(mailbox, readModel.writer, environment.DATASET_NUMBER_START);
  }

  @MessagePattern(SubmitDataset.subject)
  async submit({ context, request }: Message<SubmitDatasetRequest>): Promise<Answer<{ dataset_id: string }>> {
    const submission = submissionOf(request, context.caller, (name) => this.groups.has(name));
    if (submission instanceof DomainError) return refused(submission);
    const timeMicros = nowMicros();
    const id = newId(DATASETS_REF, timeMicros);
    const numbered = (dataset: number): DatasetSubmitted => ({ workload_id: id, dataset, ...submission });
    const refusal = (): DomainError | undefined => {
      const after = submitted(numbered(0), timeMicros);
      return this.quotas.refusal(context.caller, after, growthOf(undefined, after), timeMicros);
    };
    const reserved = await this.numbers.reserve(context, timeMicros, refusal);
    if ('error' in reserved) return reserved;
    const data = numbered(reserved.reply.dataset);
    return this.mailbox.execute({
      context,
      timeMicros,
      decide: () =>
        refusal() ?? {
          events: [{ stream: datasetStream(id), type: 'WorkloadSubmitted', data }],
          reply: { dataset_id: id },
        },
    });
  }

  @MessagePattern(GetDataset.subject)
  get({ context, request }: Message<{ dataset_id: string }>): Answer<{ document: string }> {
    const denied = this.shownRules.authorize(request.dataset_id, 'read', context.caller);
    if (denied !== undefined) return refused(denied);
    const document = this.shown.document(request.dataset_id);
    return document === undefined ? refused(datasetNotFound()) : { reply: { document } };
  }

  @MessagePattern(ListDatasets.subject)
  async list({ context, request }: Message<ListDatasetsRequest>): Promise<Answer<ListPage>> {
    const page =
      (await refuseFuturePosition(this.ledger, request)) ??
      (await this.lists.page(request.cursor, ({ database }) =>
        this.datasetsOn(database).list(request, context.caller),
      ));
    return page instanceof DomainError ? refused(page) : { reply: page };
  }

  @MessagePattern(SummarizeDatasets.subject)
  summarize({ context }: Message<Nothing>): Answer<{ document: string }> {
    return { reply: { document: this.shown.summary(context.caller) } };
  }

  @MessagePattern(ChangeDataset.subject)
  change({ context, request }: Message<ChangeDatasetRequest>): Promise<Answer<Nothing>> {
    const { dataset_id: id } = request;
    const { caller } = context;
    const stream = datasetStream(id);
    const timeMicros = nowMicros();
    return this.mailbox.execute<Nothing>({
      context,
      timeMicros,
      decide: () => {
        const dataset = this.decided.dataset(id);
        const changed =
          this.decidedRules.authorize(id, 'write', caller) ??
          changeDataset(dataset, request, caller, this.decided.statusChange(id)?.reason);
        if (changed instanceof DomainError) return changed;
        return (
          this.quotaRefusal(caller, dataset, changed, timeMicros) ?? {
            events: changed.map((event) => ({ stream, ...event })),
            reply: {},
          }
        );
      },
    });
  }

  private quotaRefusal(
    caller: Caller,
    before: Dataset | undefined,
    changed: readonly Changed[],
    timeMicros: number,
  ): DomainError | undefined {
    const after = changed.reduce((dataset, event) => evolve(dataset, { ...event, timeMicros }), before);
    return after === undefined ? undefined : this.quotas.refusal(caller, after, growthOf(before, after), timeMicros);
  }

  @MessagePattern(AuthorizeAccess.subject)
  authorize({ context, request }: Message<{ dataset_id: string; action: AccessAction }>): Answer<Nothing> {
    const denied = this.shownRules.authorize(request.dataset_id, request.action, context.caller);
    return denied === undefined ? { reply: {} } : refused(denied);
  }
}
