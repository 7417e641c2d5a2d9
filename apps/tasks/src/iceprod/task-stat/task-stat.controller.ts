import { Controller } from '@nestjs/common';
import { MessagePattern, Payload } from '@nestjs/microservices';
import { nowMicros } from '#platform/clock.js';
import { DomainError } from '#platform/domain-error.js';
import type { Answer, Message, Page } from '#bus/contract.js';
import { AddTaskStat, ExportTaskStats, GetTaskStat, ListTaskStats } from '#contracts/iceprod/tasks.js';
import { newId } from '#contracts/ids.js';
import { BlobStore } from '#storage/blob-store.js';
import { type PagedAnswers, textPages } from '#event-sourcing/paged-answers.js';
import { perConnection } from '#event-sourcing/per-connection.js';
import { ReadModel } from '#event-sourcing/read-model.js';
import type { Snapshot } from '#event-sourcing/snapshots.js';
import { MessageHandler } from '../message-handler.js';
import { Workloads } from '../../workload/workloads.js';
import { recordStats } from './record-stats.js';
import {
  exportTaskStats,
  type ExportRequest,
  getTaskStat,
  type ListRequest,
  listTaskStats,
} from './task-stat-queries.js';
import { STAT_BLOBS, TaskStats } from './task-stat-rows.js';
import { datasetRef } from '../streams.js';

/** Larger ones go to the blob store. Measured as the event holds them: as a string inside JSON. */
const INLINE_BYTES_MAX = 128 * 1024;

/** Messages about statistics of runs. */
@Controller()
export class TaskStatController {
  private readonly stats: TaskStats;
  private readonly statsIn: (snapshot: Snapshot) => TaskStats;
  private readonly answers: PagedAnswers;

  constructor(
    private readonly handler: MessageHandler,
    private readonly blobs: BlobStore,
    readModel: ReadModel,
  ) {
    const workloads = new Workloads(readModel.queries);
    this.stats = new TaskStats(readModel.queries, workloads);
    const statsOn = perConnection((database) => new TaskStats(database, workloads));
    this.statsIn = ({ database }) => statsOn(database);
    this.answers = textPages(readModel.snapshots);
  }

  @MessagePattern(AddTaskStat.subject)
  async add(
    @Payload() message: Message<{ task_id: string; dataset_id: string; stats: string }>,
  ): Promise<Answer<{ task_stat_id: string }>> {
    const { task_id: taskId, dataset_id: datasetId, stats: raw } = message.request;
    const lease = { unit: taskId, workload: datasetId };
    const denied = this.handler.authorize('write', message.context, undefined, lease);
    if (denied !== undefined) return { error: denied.toValue() };
    const id = newId(datasetRef(datasetId), nowMicros());
    const isLarge = Buffer.byteLength(JSON.stringify(raw)) > INLINE_BYTES_MAX;
    const stats = isLarge ? { blob: await this.blobs.put(STAT_BLOBS + id, raw) } : { raw };
    return this.handler.execute(
      message,
      (view) => recordStats(view, { id, taskId, datasetId, stats }),
      undefined,
      lease,
    );
  }

  @MessagePattern(ListTaskStats.subject)
  list(@Payload() message: Message<ListRequest>): Promise<Answer<Page>> {
    const { request } = message;
    return this.handler.read(message, request.dataset_id, () =>
      this.answers.page(request.cursor, (snapshot) => listTaskStats(this.statsIn(snapshot), this.blobs, request)),
    );
  }

  @MessagePattern(GetTaskStat.subject)
  get(
    @Payload() message: Message<{ dataset_id: string; task_id: string; task_stat_id: string }>,
  ): Promise<Answer<{ document: string }>> {
    return this.handler.read(message, message.request.dataset_id, async () => {
      const document = await getTaskStat(this.stats, this.blobs, message.request);
      if (document !== undefined) return { document };
      return new DomainError('not-found', 'task-stat.not-found', 'Task stat not found');
    });
  }

  @MessagePattern(ExportTaskStats.subject)
  export(@Payload() message: Message<ExportRequest>): Promise<Answer<Page>> {
    const { request } = message;
    return this.handler.read(message, request.dataset_id, () =>
      this.answers.page(request.cursor, (snapshot) => exportTaskStats(this.statsIn(snapshot), this.blobs, request)),
    );
  }
}
