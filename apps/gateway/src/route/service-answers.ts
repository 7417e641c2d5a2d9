import { Injectable } from '@nestjs/common';
import { nextLoopTurn } from '#platform/loop-turn.js';
import { Bus } from '#bus/bus.js';
import type { Contract, Page } from '#bus/contract.js';
import type { Call, RouteResponse } from './route.js';
import { type Framing, streamed } from './streaming.js';

export type Paged = { readonly cursor?: string };

/** The forms of answers that dialects share, made from what services reply. */
@Injectable()
export class ServiceAnswers {
  constructor(protected readonly bus: Bus) {}

  reply<Request, Reply>(
    contract: Contract<Request, Reply>,
    { input, context }: Call<NoInfer<Request>>,
  ): Promise<Reply> {
    return this.bus.request(contract, input, context);
  }

  /** The document that the service replies, as it is. */
  async document<Request>(
    contract: Contract<Request, { readonly document: string }>,
    call: Call<NoInfer<Request>>,
  ): Promise<string> {
    const { document } = await this.reply(contract, call);
    await nextLoopTurn();
    return document;
  }

  pages<Request extends Paged>(
    contract: Contract<Request, Page>,
    call: Call<NoInfer<Request>>,
    framing: Framing,
  ): Promise<RouteResponse> {
    return streamed(this.bus, contract, call, framing);
  }
}
