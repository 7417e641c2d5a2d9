import type { DatabaseSync } from 'node:sqlite';
import { Controller } from '@nestjs/common';
import { MessagePattern, Payload } from '@nestjs/microservices';
import { nowMicros } from '#platform/clock.js';
import { DomainError } from '#platform/domain-error.js';
import { ref } from '#ledger/ref.js';
import type { Answer, Message, Page } from '#bus/contract.js';
import { GetGrid, ListGrids, RegisterGrid, ReportGrid } from '#contracts/iceprod/pilots.js';
import { newId } from '#contracts/ids.js';
import { Mailbox } from '#event-sourcing/mailbox.js';
import { type PagedAnswers, textPages } from '#event-sourcing/paged-answers.js';
import { perConnection } from '#event-sourcing/per-connection.js';
import { ReadModel } from '#event-sourcing/read-model.js';
import { Heartbeats } from '../../heartbeat/heartbeats.js';
import { Documents } from '../document/documents.js';
import { gridNotFound, gridStream, registerGrid, reportGrid } from './grid.js';

/** The slot in a grid's id says nothing: its home follows from the whole id. */
const GRIDS_REF = ref('iceprod', 'main', 'grids');

/** Messages about IceProd grids. */
@Controller()
export class GridController {
  private readonly shown: Documents;
  private readonly decided: Documents;
  private readonly documentsOn: (database: DatabaseSync) => Documents;
  private readonly answers: PagedAnswers;

  constructor(
    private readonly mailbox: Mailbox,
    private readonly heartbeats: Heartbeats,
    readModel: ReadModel,
  ) {
    const lastHeartbeat = (id: string): number | undefined => heartbeats.lastMicros(gridStream(id));
    this.shown = new Documents(readModel.queries, 'grid', 'grid_id', lastHeartbeat);
    this.decided = new Documents(readModel.writer, 'grid', 'grid_id');
    this.documentsOn = perConnection((database) => new Documents(database, 'grid', 'grid_id', lastHeartbeat));
    this.answers = textPages(readModel.snapshots);
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
    const document = this.shown.get(request.grid_id);
    return document === undefined ? { error: gridNotFound().toValue() } : { reply: { document } };
  }

  @MessagePattern(ListGrids.subject)
  async list(@Payload() { request }: Message<{ cursor?: string }>): Promise<Answer<Page>> {
    const page = await this.answers.page(request.cursor, ({ database }) => this.documentsOn(database).list({}));
    return page instanceof DomainError ? { error: page.toValue() } : { reply: page };
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
