import { Controller } from '@nestjs/common';
import { MessagePattern, Payload } from '@nestjs/microservices';
import { nowMicros } from '#platform/clock.js';
import type { Answer, Message, Nothing } from '#bus/contract.js';
import {
  AcknowledgeHarvesterCommands,
  AcquireHarvesterCommands,
  AddHarvesterDialogs,
  AddServiceMetrics,
  IssueHarvesterCommand,
  RecordHarvesterHeartbeat,
  SweepWorkers,
} from '#contracts/panda/harvester.js';
import { Mailbox } from '#event-sourcing/mailbox.js';
import { ReadModel } from '#event-sourcing/read-model.js';
import { ConfigurationTables } from '../configuration/entry-tables.js';
import { acknowledgeCommands, acquireCommands, issueCommand, sweepWorkers } from './commands.js';
import { HarvesterTables } from './harvester-tables.js';
import { addDialogs, addMetrics, recordHeartbeat } from './instance.js';

interface OfHarvester {
  readonly harvester_id: string;
}

/** Messages about harvester instances and what they are ordered to do. */
@Controller()
export class HarvesterController {
  private readonly view: HarvesterTables;
  private readonly configuration: ConfigurationTables;

  constructor(
    private readonly mailbox: Mailbox,
    { writer }: ReadModel,
  ) {
    this.view = new HarvesterTables(writer);
    this.configuration = new ConfigurationTables(writer);
  }

  @MessagePattern(RecordHarvesterHeartbeat.subject)
  heartbeat(
    @Payload()
    { context, request }: Message<OfHarvester & { owner: string; host: string; data: Record<string, unknown> }>,
  ): Promise<Answer<Nothing>> {
    const decide = () => recordHeartbeat(this.view, request);
    return this.mailbox.execute({ context, timeMicros: nowMicros(), decide });
  }

  @MessagePattern(AddServiceMetrics.subject)
  metrics(@Payload() { context, request }: Message<OfHarvester & { metrics: unknown[] }>): Promise<Answer<Nothing>> {
    return this.mailbox.execute({ context, timeMicros: nowMicros(), decide: () => addMetrics(request) });
  }

  @MessagePattern(AddHarvesterDialogs.subject)
  dialogs(@Payload() { context, request }: Message<OfHarvester & { dialogs: unknown[] }>): Promise<Answer<Nothing>> {
    return this.mailbox.execute({ context, timeMicros: nowMicros(), decide: () => addDialogs(request) });
  }

  @MessagePattern(AcquireHarvesterCommands.subject)
  acquire(
    @Payload() { context, request }: Message<OfHarvester & { count: number }>,
  ): Promise<Answer<{ document: string }>> {
    const decide = () => acquireCommands(this.view, request);
    return this.mailbox.execute({ context, timeMicros: nowMicros(), decide });
  }

  @MessagePattern(AcknowledgeHarvesterCommands.subject)
  acknowledge(@Payload() { context, request }: Message<{ command_ids: readonly number[] }>): Promise<Answer<Nothing>> {
    const decide = () => acknowledgeCommands(this.view, request.command_ids);
    return this.mailbox.execute({ context, timeMicros: nowMicros(), decide });
  }

  @MessagePattern(IssueHarvesterCommand.subject)
  issue(
    @Payload()
    { context, request }: Message<OfHarvester & { command: string; params: string; ack_requested: boolean }>,
  ): Promise<Answer<{ command_id: number }>> {
    const { harvester_id: harvesterId, command, params, ack_requested: ackRequested } = request;
    const decide = () => issueCommand(this.view, { harvesterId, command, params, ackRequested });
    return this.mailbox.execute({ context, timeMicros: nowMicros(), decide });
  }

  @MessagePattern(SweepWorkers.subject)
  sweep(
    @Payload()
    {
      context,
      request,
    }: Message<{
      queue: string;
      statuses: readonly string[] | 'ALL';
      computing_elements: readonly string[] | 'ALL';
      submission_hosts: readonly string[] | 'ALL';
    }>,
  ): Promise<Answer<Nothing>> {
    const decide = () => sweepWorkers(this.view, this.configuration.queue(request.queue), request);
    return this.mailbox.execute({ context, timeMicros: nowMicros(), decide });
  }
}
