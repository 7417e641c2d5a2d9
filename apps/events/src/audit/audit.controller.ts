import { Controller } from '@nestjs/common';
import { MessagePattern } from '@nestjs/microservices';
import type { Answer, Message } from '#bus/contract.js';
import { type EventPage, ListEvents, type ListEventsRequest } from '#contracts/cairn/audit.js';
import { EventList } from './event-list.js';

@Controller()
export class AuditController {
  constructor(private readonly list: EventList) {}

  @MessagePattern(ListEvents.subject)
  async events({ context, request }: Message<ListEventsRequest>): Promise<Answer<EventPage>> {
    return { reply: await this.list.page(request, context.caller) };
  }
}
