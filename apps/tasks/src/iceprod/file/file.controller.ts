import type { DatabaseSync } from 'node:sqlite';
import { Controller } from '@nestjs/common';
import { MessagePattern, Payload } from '@nestjs/microservices';
import { Environment } from '#platform/environment.js';
import type { Answer, Message, Nothing, Page } from '#bus/contract.js';
import { AddFile, type AddFileRequest, ListFiles, RemoveFiles } from '#contracts/iceprod/files.js';
import { type PagedAnswers, textPages } from '#event-sourcing/paged-answers.js';
import { perConnection } from '#event-sourcing/per-connection.js';
import { ReadModel } from '#event-sourcing/read-model.js';
import { UnitProjection } from '../../engine/unit-projection.js';
import { JobProjection } from '../job/job-projection.js';
import { MessageHandler } from '../message-handler.js';
import { Workloads } from '../../workload/workloads.js';
import { addFile, removeFiles } from './add-file.js';
import { DatasetFiles, NamedTasks } from './file-rows.js';

/** Messages about files of tasks. */
@Controller()
export class FileController {
  private readonly filesOn: (database: DatabaseSync) => DatasetFiles;
  private readonly answers: PagedAnswers;
  private readonly decided: DatasetFiles;
  private readonly named: NamedTasks;

  constructor(
    private readonly handler: MessageHandler,
    { queries, writer, snapshots }: ReadModel,
    units: UnitProjection,
    jobs: JobProjection,
    private readonly environment: Environment,
  ) {
    const { reader } = units.store;
    const workloads = new Workloads(queries);
    this.filesOn = perConnection((database) => new DatasetFiles(database, workloads));
    this.answers = textPages(snapshots);
    this.decided = new DatasetFiles(writer, reader.workloads);
    this.named = new NamedTasks(reader, jobs.jobs);
  }

  @MessagePattern(AddFile.subject)
  add(@Payload() message: Message<AddFileRequest>): Promise<Answer<{ task_id: string }>> {
    const { request } = message;
    const find = this.named.find.bind(this.named);
    const mibMax = this.environment.DATASET_MIB_MAX;
    return this.handler.execute(
      message,
      (view) => addFile(view, find, request, { usedBytes: this.decided.bytesOf(request.dataset_id), mibMax }),
      request.dataset_id,
    );
  }

  @MessagePattern(ListFiles.subject)
  list(@Payload() message: Message<{ dataset_id: string; task_id?: string; cursor?: string }>): Promise<Answer<Page>> {
    const { dataset_id: datasetId, task_id: taskId, cursor } = message.request;
    return this.handler.read(
      message,
      datasetId,
      () => this.answers.page(cursor, ({ database }) => this.filesOn(database).list(datasetId, taskId)),
      { unit: taskId, workload: datasetId },
    );
  }

  @MessagePattern(RemoveFiles.subject)
  remove(@Payload() message: Message<{ dataset_id: string; task_id: string }>): Promise<Answer<Nothing>> {
    const { request } = message;
    const { dataset_id: datasetId, task_id: taskId } = request;
    return this.handler.execute(
      message,
      (view) => removeFiles(view, request, this.decided.has(datasetId, taskId)),
      datasetId,
    );
  }
}
