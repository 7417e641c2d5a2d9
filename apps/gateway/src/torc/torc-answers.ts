import { Injectable } from '@nestjs/common';
import { nextLoopTurn } from '#platform/loop-turn.js';
import { Bus } from '#bus/bus.js';
import type { Contract, Page } from '#bus/contract.js';
import type { DocumentReply, TorcListPage } from '#contracts/torc/documents.js';
import type { Call, RouteResponse } from '../route/route.js';
import { type Framing, streamed } from '../route/streaming.js';
import { ListFraming } from './list-framing.js';

type Paged = { readonly cursor?: string };

/** The forms of Torc's answers, made from what services reply. */
@Injectable()
export class TorcAnswers {
  constructor(private readonly bus: Bus) {}

  reply<Request, Reply>(
    contract: Contract<Request, Reply>,
    { input, context }: Call<NoInfer<Request>>,
  ): Promise<Reply> {
    return this.bus.request(contract, input, context);
  }

  /** The document that the service replies, as it is. */
  async document<Request>(contract: Contract<Request, DocumentReply>, call: Call<NoInfer<Request>>): Promise<string> {
    const { document } = await this.reply(contract, call);
    await nextLoopTurn();
    return document;
  }

  /** `{"message": "…"}`, once the service has done what was asked. */
  async done<Request>(
    contract: Contract<Request, object>,
    call: Call<NoInfer<Request>>,
    message: string,
  ): Promise<string> {
    await this.reply(contract, call);
    return messageOf(message);
  }

  /** Torc contract 1.6. */
  list<Request extends Paged & { readonly skip: number }>(
    contract: Contract<Request, TorcListPage>,
    call: Call<NoInfer<Request>>,
  ): Promise<RouteResponse> {
    return this.framed(contract, call, new ListFraming(call.input.skip));
  }

  /** As {@link list}, for clients that must not ask for more. */
  wholeList<Request extends Paged>(
    contract: Contract<Request, TorcListPage>,
    call: Call<NoInfer<Request>>,
    skip = 0,
  ): Promise<RouteResponse> {
    return this.framed(contract, call, new ListFraming(skip, true));
  }

  pages<Request extends Paged>(
    contract: Contract<Request, Page>,
    call: Call<NoInfer<Request>>,
    framing: Framing,
  ): Promise<RouteResponse> {
    return streamed(this.bus, contract, call, framing);
  }

  private framed<Request extends Paged>(
    contract: Contract<Request, TorcListPage>,
    call: Call<NoInfer<Request>>,
    framing: ListFraming,
  ): Promise<RouteResponse> {
    return streamed(this.bus, contract, call, framing, (page) => framing.begin(page));
  }
}

export const messageOf = (message: string): string => JSON.stringify({ message });
