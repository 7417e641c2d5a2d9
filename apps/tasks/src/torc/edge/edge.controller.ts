import { Controller } from '@nestjs/common';
import { MessagePattern, Payload } from '@nestjs/microservices';
import type { Answer, Message } from '#bus/contract.js';
import { type DocumentReply, StoreEdge } from '#contracts/torc/documents.js';
import { TorcMessageHandler } from '../message-handler.js';
import { type NewEdgeRequest, storeEdge } from './store-edge.js';

/** Messages about edges alone. */
@Controller()
export class EdgeController {
  constructor(private readonly handler: TorcMessageHandler) {}

  @MessagePattern(StoreEdge.subject)
  store(@Payload() message: Message<NewEdgeRequest>): Promise<Answer<DocumentReply>> {
    return this.handler.execute(message, (view) => storeEdge(view, message.request));
  }
}
