import { Controller } from '@nestjs/common';
import { MessagePattern, Payload } from '@nestjs/microservices';
import { nowMicros } from '#platform/clock.js';
import { DomainError } from '#platform/domain-error.js';
import { Environment } from '#platform/environment.js';
import { timeOrderedId } from '#platform/time-ordered-id.js';
import { refOfStream } from '#ledger/ref.js';
import type { Answer, Message, Nothing } from '#bus/contract.js';
import {
  AddLog,
  type AddLogRequest,
  DeleteLog,
  DeleteLogs,
  type DeleteLogsRequest,
  GetLog,
  ListTaskLogs,
  type ListTaskLogsRequest,
  LOG_BLOBS,
  type LogPage,
  type LogText,
  QueryLogs,
  type QueryLogsRequest,
} from '#contracts/iceprod/logs.js';
import { newId } from '#contracts/ids.js';
import { BlobStore } from '#storage/blob-store.js';
import { PagedAnswers } from '#event-sourcing/paged-answers.js';
import { perConnection } from '#event-sourcing/per-connection.js';
import { ReadModel } from '#event-sourcing/read-model.js';
import type { Snapshot } from '#event-sourcing/snapshots.js';
import { UnitProjection } from '../../engine/unit-projection.js';
import { MessageHandler } from '../message-handler.js';
import { Workloads } from '../../workload/workloads.js';
import { type DeletedLogs, deleteLog, deleteLogs, storeLog } from './change-logs.js';
import { listTaskLogs, logText, queryLogs } from './log-queries.js';
import { Logs, dailyLogStream } from './log-rows.js';
import { workStream } from '../streams.js';

const notFound = (): DomainError => new DomainError('not-found', 'log.not-found', 'Log not found');

/** Messages about logs. */
@Controller()
export class LogController {
  private readonly committed: Logs;
  private readonly decided: Logs;
  private readonly logsIn: (snapshot: Snapshot) => Logs;
  private readonly answers: PagedAnswers<LogText>;

  constructor(
    private readonly handler: MessageHandler,
    private readonly blobs: BlobStore,
    { queries, writer, snapshots }: ReadModel,
    units: UnitProjection,
    private readonly environment: Environment,
  ) {
    const workloads = new Workloads(queries);
    this.committed = new Logs(queries, workloads);
    const logsOn = perConnection((database) => new Logs(database, workloads));
    this.logsIn = ({ database }) => logsOn(database);
    this.answers = new PagedAnswers(snapshots, ({ before, after }) => before.length + after.length);
    this.decided = new Logs(writer, units.store.reader.workloads);
  }

  @MessagePattern(AddLog.subject)
  async add(@Payload() message: Message<AddLogRequest>): Promise<Answer<{ log_id: string }>> {
    const { request, context } = message;
    const { dataset_id: datasetId, data } = request;
    // Checked before the blob is stored, and again when the command is decided.
    const lease = { unit: request.task_id, workload: datasetId ?? '' };
    const denied = this.handler.authorize('write', context, datasetId, lease);
    if (denied !== undefined) return { error: denied.toValue() };
    const now = nowMicros();
    const id = newId(refOfStream(datasetId === undefined ? dailyLogStream(now) : workStream(datasetId)), now);
    const body = 'blob' in data ? data.blob : await this.blobs.put(LOG_BLOBS + timeOrderedId(), data.raw);
    const mibMax = this.environment.DATASET_MIB_MAX;
    const answer = await this.handler.execute(
      message,
      (view, timeMicros) => {
        const usedBytes = datasetId === undefined ? 0 : this.decided.bytesOf(datasetId);
        return storeLog(view, request, { id, timeMicros, body }, { usedBytes, mibMax });
      },
      datasetId,
      lease,
    );
    // At once: who goes on sending would fill the disk until the orphan collector comes.
    if ('error' in answer && answer.error.kind === 'too-large') await this.blobs.delete(body.key);
    return answer;
  }

  @MessagePattern(GetLog.subject)
  get(@Payload() message: Message<{ log_id: string; dataset_id?: string }>): Promise<Answer<{ log: LogText }>> {
    const { log_id: id, dataset_id: datasetId } = message.request;
    return this.handler.read(message, datasetId, async () => {
      const entry = datasetId === undefined ? this.committed.one(id) : this.committed.ofDataset(id, datasetId);
      return entry === undefined ? notFound() : { log: await logText(this.blobs, entry, undefined) };
    });
  }

  @MessagePattern(QueryLogs.subject)
  query(@Payload() message: Message<QueryLogsRequest>): Promise<Answer<LogPage>> {
    const { request } = message;
    return this.handler.read(message, undefined, () =>
      this.answers.page(request.cursor, (snapshot) => queryLogs(this.logsIn(snapshot), this.blobs, request)),
    );
  }

  @MessagePattern(ListTaskLogs.subject)
  listOfTask(@Payload() message: Message<ListTaskLogsRequest>): Promise<Answer<LogPage>> {
    const { request } = message;
    return this.handler.read(message, request.dataset_id, () =>
      this.answers.page(
        request.cursor,
        (snapshot) => listTaskLogs(this.logsIn(snapshot), this.blobs, request) ?? notFound(),
      ),
    );
  }

  @MessagePattern(DeleteLog.subject)
  async delete(@Payload() message: Message<{ log_id: string }>): Promise<Answer<Nothing>> {
    const answer = await this.handler.execute(message, (view) => deleteLog(view, this.decided, message.request.log_id));
    await this.removeBodies(answer);
    return 'error' in answer ? answer : { ...answer, reply: {} };
  }

  @MessagePattern(DeleteLogs.subject)
  async deleteMany(@Payload() message: Message<DeleteLogsRequest>): Promise<Answer<{ deleted: number; left: number }>> {
    const { request } = message;
    const answer = await this.handler.execute(
      message,
      (view) => deleteLogs(view, this.decided, request),
      request.dataset_id,
    );
    await this.removeBodies(answer);
    if ('error' in answer) return answer;
    return { ...answer, reply: { deleted: answer.reply.blobs.length, left: answer.reply.left } };
  }

  /** Deletes bodies after the deletion is recorded. The orphan collector deletes what a crash leaves behind. */
  private async removeBodies(answer: Answer<DeletedLogs>): Promise<void> {
    if ('error' in answer) return;
    await Promise.all(answer.reply.blobs.map((key) => this.blobs.delete(key)));
  }
}
