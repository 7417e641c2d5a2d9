import { Controller } from '@nestjs/common';
import { MessagePattern, Payload } from '@nestjs/microservices';
import { nowMicros } from '#platform/clock.js';
import { DomainError } from '#platform/domain-error.js';
import type { Answer, Message, Page } from '#bus/contract.js';
import { AddTaskStat, ExportTaskStats, GetTaskStat, ListTaskStats } from '#contracts/iceprod/tasks.js';
import { newId } from '#contracts/ids.js';
import { BlobStore } from '#storage/blob-store.js';
import { ReadModel } from '#event-sourcing/read-model.js';
import { TaskDesk } from '../task/task-desk.js';
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

  constructor(
    private readonly desk: TaskDesk,
    private readonly blobs: BlobStore,
    readModel: ReadModel,
  ) {
    this.stats = new TaskStats(readModel.queries, new Workloads(readModel.queries));
  }

  @MessagePattern(AddTaskStat.subject)
  async add(
    @Payload() message: Message<{ task_id: string; dataset_id: string; stats: string }>,
  ): Promise<Answer<{ task_stat_id: string }>> {
    const { task_id: taskId, dataset_id: datasetId, stats: raw } = message.request;
    const id = newId(datasetRef(datasetId), nowMicros());
    const isLarge = Buffer.byteLength(JSON.stringify(raw)) > INLINE_BYTES_MAX;
    const stats = isLarge ? { blob: await this.blobs.put(STAT_BLOBS + id, raw) } : { raw };
    return this.desk.decide(message, (view) => recordStats(view, { id, taskId, datasetId, stats }));
  }

  @MessagePattern(ListTaskStats.subject)
  list(@Payload() message: Message<ListRequest>): Promise<Answer<Page>> {
    return this.desk.read(message, message.request.dataset_id, () =>
      listTaskStats(this.stats, this.blobs, message.request),
    );
  }

  @MessagePattern(GetTaskStat.subject)
  get(
    @Payload() message: Message<{ dataset_id: string; task_id: string; task_stat_id: string }>,
  ): Promise<Answer<{ document: string }>> {
    return this.desk.read(message, message.request.dataset_id, async () => {
      const document = await getTaskStat(this.stats, this.blobs, message.request);
      if (document !== undefined) return { document };
      return new DomainError('not-found', 'task-stat.not-found', 'Task stat not found');
    });
  }

  @MessagePattern(ExportTaskStats.subject)
  export(@Payload() message: Message<ExportRequest>): Promise<Answer<Page>> {
    return this.desk.read(message, message.request.dataset_id, () =>
      exportTaskStats(this.stats, this.blobs, message.request),
    );
  }
}
