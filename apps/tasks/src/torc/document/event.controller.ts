import { Controller } from '@nestjs/common';
import { MessagePattern, Payload } from '@nestjs/microservices';
import type { Answer, Message } from '#bus/contract.js';
import {
  GetLatestEventTime,
  ListEventsAfter,
  type ListEventsAfterRequest,
  type TorcListPage,
} from '#contracts/torc/documents.js';
import { type PagedAnswers, textPages } from '#event-sourcing/paged-answers.js';
import { ReadModel } from '#event-sourcing/read-model.js';
import { TorcMessageHandler } from '../message-handler.js';
import { torcErrors } from '../torc-errors.js';
import { eventsAfter } from './events-after.js';

/** Messages about the events collection, by time (Torc contract 5.13). */
@Controller()
export class EventController {
  private readonly answers: PagedAnswers;

  constructor(
    private readonly handler: TorcMessageHandler,
    { snapshots }: ReadModel,
  ) {
    this.answers = textPages(snapshots);
  }

  @MessagePattern(ListEventsAfter.subject)
  listAfter(@Payload() message: Message<ListEventsAfterRequest>): Promise<Answer<TorcListPage>> {
    const { request } = message;
    return this.handler.read(message, () =>
      this.answers.page(request.cursor, (snapshot) => {
        const reader = this.handler.readerIn(snapshot);
        const workflow = reader.workflow(request.workflow);
        if (workflow === undefined) return torcErrors.noWorkflow(request.workflow);
        return eventsAfter(reader, workflow, request);
      }),
    );
  }

  @MessagePattern(GetLatestEventTime.subject)
  latest(@Payload() message: Message<{ workflow: string }>): Promise<Answer<{ readonly timestamp: number | null }>> {
    return this.handler.read(message, () => {
      const { committed } = this.handler;
      const workflow = committed.workflow(message.request.workflow);
      if (workflow === undefined) return torcErrors.noWorkflow(message.request.workflow);
      return { timestamp: committed.documentRows.latestEventTime(workflow.workload) ?? null };
    });
  }
}
