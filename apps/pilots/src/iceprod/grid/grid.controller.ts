import { Controller } from '@nestjs/common';
import { MessagePattern, Payload } from '@nestjs/microservices';
import { nowMicros } from '#platform/clock.js';
import { ref } from '#ledger/ref.js';
import type { Answer, Message, Page } from '#bus/contract.js';
import { GetGrid, ListGrids, RegisterGrid, ReportGrid } from '#contracts/iceprod/pilots.js';
import { newId } from '#contracts/ids.js';
import { Mailbox } from '#event-sourcing/mailbox.js';
import { ReadModel } from '#event-sourcing/read-model.js';
import { Heartbeats } from '../../heartbeat/heartbeats.js';
import { DocumentQueries } from '../document/document-queries.js';
import { Documents } from '../document/documents.js';
import { gridNotFound, gridStream, registerGrid, reportGrid } from './grid.js';

/** The slot in a grid's id says nothing: its home follows from the whole id. */
const GRIDS_REF = ref('iceprod', 'main', 'grids');

/** Messages about IceProd grids. */
@Controller()
export class GridController {
  private readonly documents: DocumentQueries;
  private readonly decided: Documents;

  constructor(
    private readonly mailbox: Mailbox,
    private readonly heartbeats: Heartbeats,
    readModel: ReadModel,
  ) {
    this.documents = new DocumentQueries(readModel, 'grid', 'grid_id', (id) => heartbeats.lastMicros(gridStream(id)));
    this.decided = new Documents(readModel.writer, 'grid', 'grid_id');
  }

  @MessagePattern(RegisterGrid.subject)
  register(@Payload() { context, request }: Message<{ description: string }>): Promise<Answer<{ grid_id: string }>> {
    const timeMicros = nowMicros();
    const { username } = context.caller;
    const grid = { site_id: newId(GRIDS_REF, timeMicros), username, description: request.description };
    return this.mailbox.execute({ context, timeMicros, decide: () => registerGrid(grid) });
  }

  @MessagePattern(GetGrid.subject)
  get(@Payload() { request }: Message<{ grid_id: string }>): Answer<{ document: string }> {
    const document = this.documents.get(request.grid_id);
    return document === undefined ? { error: gridNotFound().toValue() } : { reply: { document } };
  }

  @MessagePattern(ListGrids.subject)
  list(@Payload() { request }: Message<{ cursor?: string }>): Promise<Answer<Page>> {
    return this.documents.list(request.cursor, {});
  }

  @MessagePattern(ReportGrid.subject)
  async report(
    @Payload() { context, request }: Message<{ grid_id: string; fields: string }>,
  ): Promise<Answer<{ document: string }>> {
    const timeMicros = nowMicros();
    const decide = () => reportGrid(this.decided.get(request.grid_id), request, timeMicros);
    const answer = await this.mailbox.execute({ context, timeMicros, decide });
    if ('reply' in answer) this.heartbeats.record(gridStream(request.grid_id), timeMicros);
    return answer;
  }
}
