import { Controller } from '@nestjs/common';
import { MessagePattern, Payload } from '@nestjs/microservices';
import type { Answer, Message, Nothing, Page } from '#bus/contract.js';
import { AddFile, type AddFileRequest, ListFiles, RemoveFiles } from '#contracts/iceprod/files.js';
import { ReadModel } from '#event-sourcing/read-model.js';
import { UnitProjection } from '../../engine/unit-projection.js';
import { JobProjection } from '../job/job-projection.js';
import { TaskDesk } from '../task/task-desk.js';
import { Workloads } from '../../workload/workloads.js';
import { addFile, removeFiles } from './add-file.js';
import { DatasetFiles, NamedTasks } from './file-rows.js';

/** Messages about files of tasks. */
@Controller()
export class FileController {
  private readonly shown: DatasetFiles;
  private readonly decided: DatasetFiles;
  private readonly named: NamedTasks;

  constructor(
    private readonly desk: TaskDesk,
    { queries, writer }: ReadModel,
    units: UnitProjection,
    jobs: JobProjection,
  ) {
    const { reader } = units.store;
    this.shown = new DatasetFiles(queries, new Workloads(queries));
    this.decided = new DatasetFiles(writer, reader.workloads);
    this.named = new NamedTasks(reader, jobs.jobs);
  }

  @MessagePattern(AddFile.subject)
  add(@Payload() message: Message<AddFileRequest>): Promise<Answer<{ task_id: string }>> {
    const { request } = message;
    const find = this.named.find.bind(this.named);
    return this.desk.decide(message, (view) => addFile(view, find, request), request.dataset_id);
  }

  @MessagePattern(ListFiles.subject)
  list(@Payload() message: Message<{ dataset_id: string; task_id?: string; cursor?: string }>): Promise<Answer<Page>> {
    const { dataset_id: datasetId, task_id: taskId, cursor } = message.request;
    return this.desk.read(message, datasetId, () => {
      const { bodies, next } = this.shown.slice(datasetId, taskId, cursor === undefined ? -1 : Number(cursor));
      return next === undefined ? { entries: bodies } : { entries: bodies, next: String(next) };
    });
  }

  @MessagePattern(RemoveFiles.subject)
  remove(@Payload() message: Message<{ dataset_id: string; task_id: string }>): Promise<Answer<Nothing>> {
    const { request } = message;
    const { dataset_id: datasetId, task_id: taskId } = request;
    return this.desk.decide(
      message,
      (view) => removeFiles(view, request, this.decided.has(datasetId, taskId)),
      datasetId,
    );
  }
}
