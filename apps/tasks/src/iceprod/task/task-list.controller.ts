import { Controller } from '@nestjs/common';
import { MessagePattern, Payload } from '@nestjs/microservices';
import { Ledger } from '#ledger/ledger.js';
import type { Answer, Message, Page } from '#bus/contract.js';
import {
  CountTasks,
  CountTasksByName,
  type CountTasksRequest,
  ListTasks,
  type ListTasksRequest,
  QueryTasks,
  type QueryTasksRequest,
  SummarizeTasks,
  TaskStatistics,
} from '#contracts/iceprod/tasks.js';
import { ReadModel } from '#event-sourcing/read-model.js';
import { TaskStatisticsQuery } from './statistics.js';
import { checkStatuses, TaskCounts } from './task-counts.js';
import { MessageHandler } from '../message-handler.js';
import { TaskLists } from './task-lists.js';
import { TaskQuery } from './task-query.js';

/** Questions about many tasks. */
@Controller()
export class TaskListController {
  private readonly counts: TaskCounts;
  private readonly lists: TaskLists;
  private readonly queries: TaskQuery;
  private readonly statisticsQuery: TaskStatisticsQuery;

  constructor(
    private readonly handler: MessageHandler,
    { snapshots }: ReadModel,
    ledger: Ledger,
  ) {
    this.counts = new TaskCounts(handler.committed);
    this.lists = new TaskLists(handler.committed, ledger, snapshots);
    this.queries = new TaskQuery(handler.committed, this.counts, snapshots);
    this.statisticsQuery = new TaskStatisticsQuery(handler.committed, this.counts);
  }

  @MessagePattern(QueryTasks.subject)
  query(@Payload() message: Message<QueryTasksRequest>): Promise<Answer<Page>> {
    return this.handler.read(message, undefined, () => this.queries.query(message.request));
  }

  @MessagePattern(ListTasks.subject)
  list(@Payload() message: Message<ListTasksRequest>): Promise<Answer<Page>> {
    const { request } = message;
    return this.handler.read(
      message,
      request.dataset_id,
      () => checkStatuses(request.statuses) ?? this.lists.list(request),
    );
  }

  @MessagePattern(SummarizeTasks.subject)
  summarize(@Payload() message: Message<{ dataset_id: string; cursor?: string }>): Promise<Answer<Page>> {
    const { dataset_id: datasetId, cursor } = message.request;
    return this.handler.read(message, datasetId, () => this.lists.summarize(datasetId, cursor));
  }

  @MessagePattern(CountTasks.subject)
  count(@Payload() message: Message<CountTasksRequest>): Promise<Answer<{ document: string }>> {
    return this.handler.read(message, message.request.dataset_id, () => this.counts.count(message.request));
  }

  @MessagePattern(CountTasksByName.subject)
  countByName(@Payload() message: Message<{ dataset_id: string }>): Promise<Answer<{ document: string }>> {
    const { dataset_id: datasetId } = message.request;
    return this.handler.read(message, datasetId, () => this.counts.countByName(datasetId));
  }

  @MessagePattern(TaskStatistics.subject)
  statistics(@Payload() message: Message<{ dataset_id: string }>): Promise<Answer<{ document: string }>> {
    const { dataset_id: datasetId } = message.request;
    return this.handler.read(message, datasetId, () => this.statisticsQuery.statistics(datasetId));
  }
}
