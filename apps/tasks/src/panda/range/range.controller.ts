import { Controller } from '@nestjs/common';
import { MessagePattern, Payload } from '@nestjs/microservices';
import type { Answer, Message } from '#bus/contract.js';
import {
  AcquireRanges,
  type AcquireRangesRequest,
  CountReadyRanges,
  DisableCloning,
  EnableCloning,
  type EnableCloningRequest,
  EnableJumbo,
  type EnableJumboRequest,
  GetRangeStatuses,
  ReportRanges,
  type RangesOfJobRequest,
  type RangeStatusesRequest,
  type ReportRangesReply,
  type ReportRangesRequest,
  type TaskFound,
} from '#contracts/panda/ranges.js';
import { PandaMessageHandler } from '../message-handler.js';
import { acquireRanges, countReady } from './acquire-ranges.js';
import { disableCloning, enableCloning, enableJumbo } from './change-event-service.js';
import { rangeStatuses } from './range-statuses.js';
import { reportRanges } from './report-ranges.js';

/** Messages of jobs that process event ranges. */
@Controller()
export class RangeController {
  constructor(private readonly handler: PandaMessageHandler) {}

  @MessagePattern(CountReadyRanges.subject)
  count(@Payload() message: Message<RangesOfJobRequest>): Promise<Answer<{ readonly count: number }>> {
    return this.handler.read(message, () => ({ count: countReady(this.handler.committed, message.request) }));
  }

  @MessagePattern(AcquireRanges.subject)
  acquire(@Payload() message: Message<AcquireRangesRequest>): Promise<Answer<{ readonly ranges: string }>> {
    return this.handler.execute(message, (view) => acquireRanges(view, message.request));
  }

  @MessagePattern(ReportRanges.subject)
  report(@Payload() message: Message<ReportRangesRequest>): Promise<Answer<ReportRangesReply>> {
    return this.handler.execute(message, (view) => reportRanges(view, message.request));
  }

  @MessagePattern(EnableCloning.subject)
  enableCloning(@Payload() message: Message<EnableCloningRequest>): Promise<Answer<TaskFound>> {
    return this.handler.execute(message, (view) => enableCloning(view, message.request));
  }

  @MessagePattern(DisableCloning.subject)
  disableCloning(@Payload() message: Message<{ readonly task_id: number }>): Promise<Answer<TaskFound>> {
    return this.handler.execute(message, (view) => disableCloning(view, message.request));
  }

  @MessagePattern(EnableJumbo.subject)
  enableJumbo(@Payload() message: Message<EnableJumboRequest>): Promise<Answer<TaskFound>> {
    return this.handler.execute(message, (view) => enableJumbo(view, message.request));
  }

  @MessagePattern(GetRangeStatuses.subject)
  statuses(@Payload() message: Message<RangeStatusesRequest>): Promise<Answer<{ readonly statuses: string }>> {
    return this.handler.readInSlices(message, function* (reader) {
      return { statuses: yield* rangeStatuses(reader, message.request) };
    });
  }
}
