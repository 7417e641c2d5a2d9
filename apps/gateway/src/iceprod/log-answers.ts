import { Injectable } from '@nestjs/common';
import { Bus } from '#bus/bus.js';
import type { Contract } from '#bus/contract.js';
import type { LogPage, LogText } from '#contracts/iceprod/logs.js';
import { BlobStore } from '#keep/blob-store.js';
import type { Call, Served } from '../route/route.js';

const VANISHED = '""';

/** Documents with gaps, which the blob store fills while the answer is written: no body is ever held as a whole. */
@Injectable()
export class LogAnswers {
  constructor(
    private readonly bus: Bus,
    private readonly blobs: BlobStore,
  ) {}

  document(log: LogText): Served {
    return log.blob === undefined ? log.before + log.after : this.text(log);
  }

  /** All logs of all pages, between `open` and `close`. A refusal of the first page is an ordinary error. */
  async pages<Request extends { readonly cursor?: string }>(
    contract: Contract<Request, LogPage>,
    call: Call<NoInfer<Request>>,
    open: string,
    close: string,
  ): Promise<Served> {
    const { entries, next } = await this.bus.request(contract, call.input, call.context);
    if (next === undefined && entries.every(({ blob }) => blob === undefined)) {
      return open + entries.map(({ before, after }) => before + after).join(',') + close;
    }
    return this.follow(contract, call, { entries, ...(next !== undefined && { next }) }, open, close);
  }

  private async *follow<Request extends { readonly cursor?: string }>(
    contract: Contract<Request, LogPage>,
    { input, context }: Call<Request>,
    first: LogPage,
    open: string,
    close: string,
  ): AsyncGenerator<string, void, void> {
    const budgetMs = Math.max(context.deadlineMs - Date.now(), 0);
    yield open;
    let separator = '';
    let page = first;
    for (;;) {
      for (const log of page.entries) {
        yield separator;
        yield* this.text(log);
        separator = ',';
      }
      if (page.next === undefined) break;
      const later = { ...context, deadlineMs: Date.now() + budgetMs };
      page = await this.bus.request(contract, { ...input, cursor: page.next }, later);
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
