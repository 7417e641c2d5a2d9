import { Controller } from '@nestjs/common';
import { MessagePattern, Payload } from '@nestjs/microservices';
import type { Answer, Message } from '#bus/contract.js';
import { type EvictedTask, EvictTasks, type EvictTasksRequest } from '#contracts/iceprod/tasks.js';
import { evictTasks } from './evict.js';
import { MessageHandler } from '../message-handler.js';

/** Messages of the pilots service about ended pilots. */
@Controller()
export class EvictionController {
  constructor(private readonly handler: MessageHandler) {}

  @MessagePattern(EvictTasks.subject)
  evict(@Payload() message: Message<EvictTasksRequest>): Promise<Answer<{ evicted: readonly EvictedTask[] }>> {
    return this.handler.execute(message, (view) => evictTasks(view, message.request));
  }
}
