import { Controller } from '@nestjs/common';
import { MessagePattern, Payload } from '@nestjs/microservices';
import type { Answer, Message } from '#bus/contract.js';
import {
  type DocumentReply,
  JoinByEdge,
  type JoinByEdgeRequest,
  type NewEdgeRequest,
  StoreEdge,
  type TorcListPage,
} from '#contracts/torc/documents.js';
import { ReadModel } from '#event-sourcing/read-model.js';
import { TorcLists } from '../lists.js';
import { TorcMessageHandler } from '../message-handler.js';
import { joinByEdge } from './join.js';
import { storeEdge } from './store-edge.js';

/** Messages about edges alone. */
@Controller()
export class EdgeController {
  private readonly lists: TorcLists;

  constructor(
    private readonly handler: TorcMessageHandler,
    { snapshots }: ReadModel,
  ) {
    this.lists = new TorcLists(snapshots);
  }

  @MessagePattern(StoreEdge.subject)
  store(@Payload() message: Message<NewEdgeRequest>): Promise<Answer<DocumentReply>> {
    return this.handler.execute(message, (view) => storeEdge(view, message.request));
  }

  @MessagePattern(JoinByEdge.subject)
  join(@Payload() message: Message<JoinByEdgeRequest>): Promise<Answer<TorcListPage>> {
    const { request } = message;
    return this.handler.read(message, () =>
      this.lists.join(request, (snapshot) => joinByEdge(this.handler.readerIn(snapshot), request)),
    );
  }
}
