import { Controller } from '@nestjs/common';
import { MessagePattern } from '@nestjs/microservices';
import { nowMicros } from '#platform/clock.js';
import type { Answer, Message, Page } from '#bus/contract.js';
import { newId } from '#contracts/ids.js';
import {
  GetOperatorRequest,
  ListOperatorRequests,
  MakeOperatorRequest,
  type OperatorRequest,
  type StoredFile,
} from '#contracts/panda/cache.js';
import { CACHE_STREAM, type CacheEvents, type OperatorRequestKind } from '#contracts/panda/cache-events.js';
import type { BlobReference } from '#contracts/work-events.js';
import { Mailbox } from '#event-sourcing/mailbox.js';
import { ReadModel } from '#event-sourcing/read-model.js';
import { OperatorRequests } from './request-projection.js';

type MadeRequest = StoredFile & { readonly request_id: string };

/** Messages about what users ask operators for (contract 6.3, 10): Cairn stores it and does nothing about it. */
@Controller()
export class OperatorRequestController {
  private readonly requests: OperatorRequests;

  constructor(
    private readonly mailbox: Mailbox,
    { queries }: ReadModel,
  ) {
    this.requests = new OperatorRequests(queries);
  }

  @MessagePattern(MakeOperatorRequest.subject)
  make({ context, request }: Message<Omit<OperatorRequest, 'request_id'>>): Promise<Answer<MadeRequest>> {
    const timeMicros = nowMicros();
    const request_id = newId(CACHE_STREAM, timeMicros);
    const data: CacheEvents['OperatorRequestMade'] = { request_id, ...request };
    return this.mailbox.execute<MadeRequest>({
      context,
      timeMicros,
      decide: () => ({
        events: [{ stream: CACHE_STREAM, type: 'OperatorRequestMade', data }],
        reply: { request_id, key: request.blob.key },
      }),
    });
  }

  @MessagePattern(ListOperatorRequests.subject)
  list({
    request: { kind, limit, cursor },
  }: Message<{ kind?: OperatorRequestKind; limit: number; cursor?: string }>): Answer<Page> {
    return { reply: this.requests.page(kind, cursor, limit) };
  }

  @MessagePattern(GetOperatorRequest.subject)
  get({ request: { request_id } }: Message<{ request_id: string }>): Answer<{ found?: BlobReference }> {
    const found = this.requests.blob(request_id);
    return { reply: found === undefined ? {} : { found } };
  }
}
