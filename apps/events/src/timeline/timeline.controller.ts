import { Controller } from '@nestjs/common';
import { MessagePattern } from '@nestjs/microservices';
import type { Answer, Message, Page } from '#bus/contract.js';
import { ReadTimeline, type TimelineRequest } from '#contracts/cairn/timelines.js';
import { Timelines } from './timelines.js';

@Controller()
export class TimelineController {
  constructor(private readonly timelines: Timelines) {}

  @MessagePattern(ReadTimeline.subject)
  async read({ context, request }: Message<TimelineRequest>): Promise<Answer<Page>> {
    return { reply: await this.timelines.page(request, context.caller) };
  }
}
