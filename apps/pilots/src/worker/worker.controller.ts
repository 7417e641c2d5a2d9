import { Controller } from '@nestjs/common';
import { MessagePattern, Payload } from '@nestjs/microservices';
import type { Answer, Message } from '#bus/contract.js';
import { FindWorker, FindWorkers, type RunningWorker } from '#contracts/explain.js';
import { Slices } from '#event-sourcing/slices.js';
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

  @MessagePattern(FindWorkers.subject)
  async findAll(
    @Payload() { request }: Message<{ readonly unit_ids: readonly string[] }>,
  ): Promise<Answer<{ readonly workers: Readonly<Record<string, RunningWorker>> }>> {
    const workers: [string, RunningWorker][] = [];
    const slices = new Slices();
    for (const unit of request.unit_ids) {
      const worker = this.finders.first((finder) => finder.findWorker(unit));
      if (worker !== undefined) workers.push([unit, worker]);
      if (slices.spent) await slices.pause();
    }
    return { reply: { workers: Object.fromEntries(workers) } };
  }
}
