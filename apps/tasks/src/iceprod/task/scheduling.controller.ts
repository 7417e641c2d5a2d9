import { randomUUID } from 'node:crypto';
import { Controller } from '@nestjs/common';
import { MessagePattern, Payload } from '@nestjs/microservices';
import { DomainError } from '#platform/domain-error.js';
import type { Answer, Message } from '#bus/contract.js';
import { ClaimTasks, type ClaimTasksRequest, PromoteTasks, QueueTasks } from '#contracts/iceprod/tasks.js';
import { leaseHolderOf } from '#contracts/leases.js';
import type { Decision } from '#event-sourcing/command.js';
import { RecentOffers } from '../explain/recent-offers.js';
import { ClaimMatcher, claimTasks, queueTasks } from './claim.js';
import { promoteTasks } from './move.js';
import type { TaskView } from './view.js';
import { withWorkerId } from './worker-id.js';
import { MessageHandler } from '../message-handler.js';

/** Messages of grids and pilots that promote, claim and queue tasks. */
@Controller()
export class SchedulingController {
  private readonly matcher = new ClaimMatcher();

  constructor(
    private readonly handler: MessageHandler,
    private readonly offers: RecentOffers,
  ) {}

  @MessagePattern(PromoteTasks.subject)
  promote(@Payload() message: Message<{ task_ids: readonly string[] }>): Promise<Answer<{ waiting: number }>> {
    return this.handler.execute(message, (view) => promoteTasks(view, message.request));
  }

  @MessagePattern(ClaimTasks.subject)
  claim(@Payload() message: Message<ClaimTasksRequest>): Promise<Answer<{ documents: readonly string[] }>> {
    const instanceId = randomUUID().replaceAll('-', '');
    const request = withWorkerId(message);
    const lease = { instanceId, holder: leaseHolderOf(message.context.caller) };
    const decide = (view: TaskView, timeMicros: number): Decision<{ documents: readonly string[] }> => {
      const decision = claimTasks(view, this.matcher, request, lease, timeMicros);
      const isRefused = decision instanceof DomainError;
      // Malformed claims are not offers.
      if (!isRefused || decision.kind === 'not-found') this.offers.remember(request, timeMicros, !isRefused);
      return decision;
    };
    return this.handler.execute(message, decide, undefined, 'claim');
  }

  @MessagePattern(QueueTasks.subject)
  queue(
    @Payload() message: Message<{ num_tasks: number; dataset_prio: Readonly<Record<string, number>> }>,
  ): Promise<Answer<{ queued: number }>> {
    return this.handler.execute(message, (view) => queueTasks(view, message.request));
  }
}
