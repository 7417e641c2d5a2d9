import { Injectable } from '@nestjs/common';
import { Bus } from '#bus/bus.js';
import type { Contract, MessageContext, Page } from '#bus/contract.js';
import { pages } from '#bus/pages.js';
import { JsonStream, RawJson } from './function.js';

/** JSON text that services make in pages: the member `data` of an envelope. */
@Injectable()
export class ServiceDocuments {
  constructor(private readonly bus: Bus) {}

  /** A short answer is whole; a long one comes while it is sent. Rejects with the refusal of the service. */
  async read<Request extends { readonly cursor?: string }>(
    contract: Contract<Request, Page>,
    request: NoInfer<Request>,
    context: MessageContext,
  ): Promise<RawJson | JsonStream> {
    const { entries, next } = await this.bus.request(contract, request, context);
    if (next === undefined) return new RawJson(entries.join(''));
    const rest = pages(this.bus, contract, { ...request, cursor: next }, context);
    return new JsonStream(followed(entries, rest));
  }
}

async function* followed(
  first: readonly string[],
  rest: AsyncIterable<readonly string[]>,
): AsyncGenerator<string, void, void> {
  yield first.join('');
  for await (const entries of rest) yield entries.join('');
}
