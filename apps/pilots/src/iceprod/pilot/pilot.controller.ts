import { Controller } from '@nestjs/common';
import { MessagePattern, Payload } from '@nestjs/microservices';
import { nowMicros } from '#platform/clock.js';
import { ref } from '#ledger/ref.js';
import type { Answer, Message, Nothing, Page } from '#bus/contract.js';
import {
  EndPilot,
  GetPilot,
  ListPilots,
  type PilotFilters,
  ReportPilot,
  StartPilot,
} from '#contracts/iceprod/pilots.js';
import { isWorkerOnly, leaseHolderOf } from '#contracts/leases.js';
import { newId } from '#contracts/ids.js';
import { Mailbox } from '#event-sourcing/mailbox.js';
import { ReadModel } from '#event-sourcing/read-model.js';
import { Heartbeats } from '../../heartbeat/heartbeats.js';
import { DocumentQueries } from '../document/document-queries.js';
import { Documents } from '../document/documents.js';
import { endPilot, pilotNotFound, pilotStream, reportPilot, startPilot } from './pilot.js';
import { PilotHolders } from './pilot-holders.js';
import { TaskRelease } from './task-release.js';

/** The slot in a pilot's id says nothing: its home follows from the whole id. */
const PILOTS_REF = ref('iceprod', 'main', 'pilots');

/** How long the answer to a deletion waits for the tasks service; after that the tasks are released behind it. */
const RELEASE_WAIT_MS = 2_000;

/** Messages about IceProd pilots. */
@Controller()
export class PilotController {
  private readonly documents: DocumentQueries;
  private readonly decided: Documents;
  private readonly shownHolders: PilotHolders;
  private readonly decidedHolders: PilotHolders;

  constructor(
    private readonly mailbox: Mailbox,
    private readonly taskRelease: TaskRelease,
    private readonly heartbeats: Heartbeats,
    readModel: ReadModel,
  ) {
    this.documents = new DocumentQueries(readModel, 'pilot', 'pilot_id', (id) =>
      heartbeats.lastMicros(pilotStream(id)),
    );
    this.decided = new Documents(readModel.writer, 'pilot', 'pilot_id');
    this.shownHolders = new PilotHolders(readModel.queries);
    this.decidedHolders = new PilotHolders(readModel.writer);
  }

  @MessagePattern(StartPilot.subject)
  start(@Payload() { context, request }: Message<{ description: string }>): Promise<Answer<{ pilot_id: string }>> {
    const timeMicros = nowMicros();
    const pilot = {
      worker_id: newId(PILOTS_REF, timeMicros),
      description: request.description,
      ...(isWorkerOnly(context.caller) && { holder: leaseHolderOf(context.caller) }),
    };
    return this.mailbox.execute({ context, timeMicros, decide: () => startPilot(pilot, timeMicros) });
  }

  @MessagePattern(GetPilot.subject)
  get(@Payload() { context, request }: Message<{ pilot_id: string }>): Answer<{ document: string }> {
    const denied = this.shownHolders.authorize(request.pilot_id, context.caller);
    if (denied !== undefined) return { error: denied.toValue() };
    const document = this.documents.get(request.pilot_id);
    return document === undefined ? { error: pilotNotFound().toValue() } : { reply: { document } };
  }

  @MessagePattern(ListPilots.subject)
  list(
    @Payload() { request }: Message<PilotFilters & { keys?: readonly string[]; cursor?: string }>,
  ): Promise<Answer<Page>> {
    const { keys, cursor, ...filters } = request;
    return this.documents.list(cursor, { equal: new Map(Object.entries(filters)), keys });
  }

  @MessagePattern(ReportPilot.subject)
  async report(
    @Payload() { context, request }: Message<{ pilot_id: string; fields: string }>,
  ): Promise<Answer<{ document: string }>> {
    const timeMicros = nowMicros();
    const decide = () =>
      this.decidedHolders.authorize(request.pilot_id, context.caller) ??
      reportPilot(this.decided.get(request.pilot_id), request, timeMicros);
    const answer = await this.mailbox.execute({ context, timeMicros, decide });
    if ('reply' in answer) this.heartbeats.record(pilotStream(request.pilot_id), timeMicros);
    return answer;
  }

  @MessagePattern(EndPilot.subject)
  async end(@Payload() { context, request }: Message<{ pilot_id: string }>): Promise<Answer<Nothing>> {
    const { pilot_id: id } = request;
    const answer = await this.mailbox.execute<Nothing>({
      context,
      timeMicros: nowMicros(),
      decide: () => this.decidedHolders.authorize(id, context.caller) ?? endPilot(this.decided.get(id), id, 'deleted'),
    });
    if ('reply' in answer) {
      this.heartbeats.forget(pilotStream(id));
      await settledWithin(this.taskRelease.release(id), RELEASE_WAIT_MS);
    }
    return answer;
  }
}

const settledWithin = async (work: Promise<void>, limitMs: number): Promise<void> => {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, limitMs);
  });
  await Promise.race([work, limit]);
  clearTimeout(timer);
};
