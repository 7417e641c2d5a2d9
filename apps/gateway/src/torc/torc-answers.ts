import { Injectable } from '@nestjs/common';
import type { Contract } from '#bus/contract.js';
import type { TorcListPage } from '#contracts/torc/documents.js';
import type { Call, RouteResponse } from '../route/route.js';
import { type Paged, ServiceAnswers } from '../route/service-answers.js';
import { streamed } from '../route/streaming.js';
import { ListFraming } from './list-framing.js';

/** The forms of Torc's answers, made from what services reply. */
@Injectable()
export class TorcAnswers extends ServiceAnswers {
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

  private framed<Request extends Paged>(
    contract: Contract<Request, TorcListPage>,
    call: Call<NoInfer<Request>>,
    framing: ListFraming,
  ): Promise<RouteResponse> {
    return streamed(this.bus, contract, call, framing, (page) => framing.begin(page));
  }
}

export const messageOf = (message: string): string => JSON.stringify({ message });
