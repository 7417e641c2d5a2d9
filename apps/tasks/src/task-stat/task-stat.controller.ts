import { Controller } from '@nestjs/common';
import { MessagePattern, Payload } from '@nestjs/microservices';
import { nowMicros } from '#platform/clock.js';
import { DomainError } from '#platform/domain-error.js';
import type { Answer, Message, MessageContext, Page } from '#bus/contract.js';
import { AddTaskStat, ExportTaskStats, GetTaskStat, ListTaskStats } from '#contracts/iceprod/tasks.js';
import { newId } from '#contracts/ids.js';
import type { StatsRecorded } from '#contracts/work-events.js';
import { BlobStore } from '#keep/blob-store.js';
import { AccessRules } from '#projection/access-rules.js';
import { Mailbox } from '#projection/mailbox.js';
import { ReadModel } from '#projection/read-model.js';
import { datasetRef, Workloads, workStream } from '../workload/workloads.js';
import { exportTaskStats, getTaskStat, listTaskStats } from './task-stat-queries.js';
import { TaskStats } from './task-stat-rows.js';

/** Larger ones go to the blob store. Measured as the event holds them: as a string inside JSON. */
const INLINE_BYTES_MAX = 128 * 1024;

/** Messages about statistics of runs. */
@Controller()
export class TaskStatController {
  private readonly stats: TaskStats;
  private readonly rules: AccessRules;

  constructor(
    private readonly mailbox: Mailbox,
    private readonly blobs: BlobStore,
    readModel: ReadModel,
  ) {
    this.stats = new TaskStats(readModel.queries, new Workloads(readModel.queries));
    this.rules = new AccessRules(readModel.queries);
  }

  @MessagePattern(AddTaskStat.subject)
  async add(
    @Payload() { context, request }: Message<{ task_id: string; dataset_id: string; stats: string }>,
  ): Promise<Answer<{ task_stat_id: string }>> {
    const timeMicros = nowMicros();
    const id = newId(datasetRef(request.dataset_id), timeMicros);
    const large = Buffer.byteLength(JSON.stringify(request.stats)) > INLINE_BYTES_MAX;
    const data: StatsRecorded = {
      task_stat_id: id,
      task_id: request.task_id,
      dataset_id: request.dataset_id,
      stats: large ? { blob: await this.blobs.put(`task-stat/${id}`, request.stats) } : { raw: request.stats },
    };
    const stream = workStream(request.dataset_id);
    return this.mailbox.execute({
      context,
      timeMicros,
      decide: () => ({ events: [{ stream, type: 'StatsRecorded', data }], reply: { task_stat_id: id } }),
    });
  }

  @MessagePattern(ListTaskStats.subject)
  list(
    @Payload()
    {
      context,
      request,
    }: Message<{ dataset_id: string; task_id: string; last: boolean; keys?: readonly string[]; cursor?: string }>,
  ): Promise<Answer<Page>> {
    return this.read(context, request, () => listTaskStats(this.stats, this.blobs, request));
  }

  @MessagePattern(GetTaskStat.subject)
  get(
    @Payload() { context, request }: Message<{ dataset_id: string; task_id: string; task_stat_id: string }>,
  ): Promise<Answer<{ document: string }>> {
    return this.read(context, request, async () => {
      const document = await getTaskStat(this.stats, this.blobs, request);
      if (document !== undefined) return { document };
      return new DomainError('not-found', 'task-stat.not-found', 'Task stat not found');
    });
  }

  @MessagePattern(ExportTaskStats.subject)
  export(
    @Payload()
    {
      context,
      request,
    }: Message<{
      dataset_id: string;
      last: boolean;
      after?: string;
      keys?: readonly string[];
      limit: number;
      cursor?: string;
    }>,
  ): Promise<Answer<Page>> {
    return this.read(context, request, () => exportTaskStats(this.stats, this.blobs, request));
  }

  private async read<Reply>(
    { caller }: MessageContext,
    { dataset_id: datasetId }: { readonly dataset_id: string },
    answer: () => Promise<Reply | DomainError>,
  ): Promise<Answer<Reply>> {
    const reply = this.rules.judge(datasetId, 'read', caller) ?? (await answer());
    return reply instanceof DomainError ? { error: reply.toValue() } : { reply };
  }
}
