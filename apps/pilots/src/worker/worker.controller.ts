import { Controller } from '@nestjs/common';
import { MessagePattern, Payload } from '@nestjs/microservices';
import type { Answer, Message } from '#bus/contract.js';
import { FindWorker, type RunningWorker } from '#contracts/explain.js';
import { WorkerFinders } from './worker-finders.js';

/** Answers about workers of any dialect. */
@Controller()
export class WorkerController {
  constructor(private readonly finders: WorkerFinders) {}

  @MessagePattern(FindWorker.subject)
  find(@Payload() { request }: Message<{ unit_id: string }>): Answer<{ worker?: RunningWorker }> {
    const worker = this.finders.first((finder) => finder.findWorker(request.unit_id));
    return { reply: worker === undefined ? {} : { worker } };
  }
}
