import { Injectable } from '@nestjs/common';
import { Bus } from '#bus/bus.js';
import type { Contract } from '#bus/contract.js';
import { pages } from '#bus/pages.js';
import type { LogPage, LogText } from '#contracts/iceprod/logs.js';
import { BlobStore } from '#storage/blob-store.js';
import type { Call, RouteResponse } from '../route/route.js';

const VANISHED = '""';

/** Documents with gaps, which the blob store fills while the answer is written: no body is ever held as a whole. */
@Injectable()
export class LogAnswers {
  constructor(
    private readonly bus: Bus,
    private readonly blobs: BlobStore,
  ) {}

  document(log: LogText): RouteResponse {
    return log.blob === undefined ? log.before + log.after : this.text(log);
  }

  /** All logs of all pages, between `open` and `close`. A refusal of the first page is an ordinary error. */
  async pages<Request extends { readonly cursor?: string }>(
    contract: Contract<Request, LogPage>,
    call: Call<NoInfer<Request>>,
    open: string,
    close: string,
  ): Promise<RouteResponse> {
    const budgetMs = call.context.deadlineMs - Date.now();
    const first = await this.bus.request(contract, call.input, call.context);
    if (first.next === undefined && first.entries.every(({ blob }) => blob === undefined)) {
      return open + first.entries.map(({ before, after }) => before + after).join(',') + close;
    }
    return this.written(open, everyPage(first, this.bus, contract, call, budgetMs), close);
  }

  private async *written(
    open: string,
    everything: AsyncIterable<readonly LogText[]>,
    close: string,
  ): AsyncGenerator<string, void, void> {
    yield open;
    let separator = '';
    for await (const logs of everything) {
      for (const log of logs) {
        yield separator;
        yield* this.text(log);
        separator = ',';
      }
    }
    yield close;
  }

  private async *text({ before, blob, after }: LogText): AsyncGenerator<string, void, void> {
    yield before;
    if (blob !== undefined) {
      const body = await this.blobs.get(blob);
      if (body === undefined) yield VANISHED;
      else yield* body.setEncoding('utf8') as AsyncIterable<string>;
    }
    yield after;
  }
}

async function* everyPage<Request extends { readonly cursor?: string }>(
  first: LogPage,
  bus: Bus,
  contract: Contract<Request, LogPage>,
  { input, context }: Call<Request>,
  budgetMs: number,
): AsyncGenerator<readonly LogText[], void, void> {
  yield first.entries;
  if (first.next === undefined) return;
  yield* pages(bus, contract, { ...input, cursor: first.next }, { ...context, deadlineMs: Date.now() + budgetMs });
}
