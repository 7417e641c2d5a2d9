import { Controller } from '@nestjs/common';
import { MessagePattern, Payload } from '@nestjs/microservices';
import { nowMicros } from '#platform/clock.js';
import type { Answer, Message, Nothing } from '#bus/contract.js';
import {
  GetCurrentWorkerId,
  GetWorkerStatistics,
  RecordJobWorkers,
  RecordPilotReport,
  ReportWorkerStatistics,
  UpdateWorkers,
} from '#contracts/panda/harvester.js';
import { Mailbox } from '#event-sourcing/mailbox.js';
import { ReadModel } from '#event-sourcing/read-model.js';
import { HarvesterTables } from './harvester-tables.js';
import { countWorkers, recordPilotReport } from './instance.js';
import { recordJobWorkers, updateWorkers } from './update-workers.js';

/** Counts that are older say nothing (contract 6.4). */
const COUNTS_LAST_MICROS = 4 * 3_600 * 1_000_000;

interface OfHarvester {
  readonly harvester_id: string;
}

/** Messages about harvester's workers. */
@Controller()
export class WorkerController {
  private readonly shown: HarvesterTables;
  private readonly decided: HarvesterTables;

  constructor(
    private readonly mailbox: Mailbox,
    readModel: ReadModel,
  ) {
    this.shown = new HarvesterTables(readModel.queries);
    this.decided = new HarvesterTables(readModel.writer);
  }

  @MessagePattern(UpdateWorkers.subject)
  update(
    @Payload() { context, request }: Message<OfHarvester & { workers: unknown[] }>,
  ): Promise<Answer<{ stored: readonly boolean[] }>> {
    const timeMicros = nowMicros();
    const decide = () => updateWorkers(this.decided, request, timeMicros);
    return this.mailbox.execute({ context, timeMicros, decide });
  }

  @MessagePattern(RecordJobWorkers.subject)
  recordJobs(
    @Payload() { context, request }: Message<OfHarvester & { worker_id: number; panda_ids: readonly number[] }>,
  ): Promise<Answer<Nothing>> {
    const timeMicros = nowMicros();
    const decide = () => recordJobWorkers(this.decided, request, timeMicros);
    return this.mailbox.execute({ context, timeMicros, decide });
  }

  @MessagePattern(RecordPilotReport.subject)
  recordPilot(
    @Payload()
    {
      context,
      request,
    }: Message<OfHarvester & { worker_id: number; status: 'started' | 'finished'; node_id: string | null }>,
  ): Promise<Answer<Nothing>> {
    return this.mailbox.execute({ context, timeMicros: nowMicros(), decide: () => recordPilotReport(request) });
  }

  @MessagePattern(GetCurrentWorkerId.subject)
  currentId(@Payload() { request }: Message<OfHarvester>): Answer<{ worker_id: number }> {
    return { reply: { worker_id: this.shown.currentWorkerId(request.harvester_id) } };
  }

  @MessagePattern(GetWorkerStatistics.subject)
  statistics(): Answer<{ document: string }> {
    return { reply: { document: this.shown.countsSince(nowMicros() - COUNTS_LAST_MICROS) } };
  }

  @MessagePattern(ReportWorkerStatistics.subject)
  count(
    @Payload() { context, request }: Message<OfHarvester & { queue: string; statistics: string }>,
  ): Promise<Answer<Nothing>> {
    return this.mailbox.execute({ context, timeMicros: nowMicros(), decide: () => countWorkers(request) });
  }
}
