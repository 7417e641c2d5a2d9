import { Injectable } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { setTimeout as delay } from 'node:timers/promises';
import { Bus } from '#bus/bus.js';
import { pages } from '#bus/pages.js';
import { GetLatestEventTime, ListEventsAfter } from '#contracts/torc/documents.js';
import { DomainError } from '#platform/domain-error.js';
import { HISTORY_START, type HistoryCursor } from '#event-sourcing/history-cursor.js';
import { ref, streamName } from '#ledger/ref.js';
import { FeedTail } from '../feed/feed-tail.js';
import { StreamConnections } from '../feed/stream-connections.js';
import { StreamWatch } from '../feed/stream-watch.js';
import type { Call } from '../route/route.js';
import { isAtLeast, type Severity, toldEvent } from './told-events.js';

/** So often a stream looks for new events at most: those that follow each other soon are told together. */
const TOGETHER_MS = 100;
/** How long what could not be read waits until it is asked for again. */
const RETRY_MS = 500;
/** How often a stream without events looks whether its client may still read it. */
const CHECK_MS = 5_000;
/** A stream without events sends something so often, so that proxies keep the connection and a client that is gone is noticed. */
const KEEP_ALIVE_MS = 15_000;
/** Events that are asked for at a time. */
const PAGE_EVENTS = 1_000;
/** How long a service may take to reply to one question, then it is asked again: a stream outlives restarts. */
const DEADLINE_MS = 10_000;

interface StreamRequest {
  readonly workflow: string;
  readonly severity: Severity;
  readonly category?: string;
  /** Milliseconds since the Unix epoch: where the client left off. */
  readonly after?: number;
}

interface EventsRequest {
  readonly workflow: string;
  readonly after: number;
  readonly limit: number;
  readonly category?: string;
  readonly cursor?: string;
}

/**
 * Streams of the events of workflows (`text/event-stream`). The feed says when there are new ones, the service which; while the feed is
 * interrupted, the service is asked now and then. A stream asks for more only when its client has taken what there was: it holds one page at
 * most, and a slow client is late but loses nothing. The id of an event is its timestamp, which no other event of the workflow has, so that a
 * client that comes again goes on behind the last one it got.
 */
@Injectable()
export class EventStreams {
  constructor(
    private readonly bus: Bus,
    private readonly tail: FeedTail,
    private readonly connections: StreamConnections,
  ) {}

  /** @throws DomainError when the workflow does not exist */
  async open(call: Call<StreamRequest>, reply: FastifyReply): Promise<AsyncIterable<string>> {
    const { workflow, after } = call.input;
    const latest = await this.bus.request(GetLatestEventTime, { workflow }, call.context);
    return this.follow(call, after ?? latest.timestamp ?? 0, this.connections.endOf(reply), () =>
      this.connections.isStillAllowed(reply.request),
    );
  }

  private async *follow(
    { input, context }: Call<StreamRequest>,
    start: number,
    end: AbortSignal,
    isStillAllowed: () => Promise<boolean>,
  ): AsyncGenerator<string, void, void> {
    const { workflow, severity, category } = input;
    const ofCategory = category !== undefined && { category };
    using watch = new StreamWatch(this.tail, streamName('work', ref('torc', 'main', workflow)), end);
    let after = start;
    let news: HistoryCursor | undefined = HISTORY_START;
    let sentMs = performance.now();
    yield ': events\n\n';
    while (!end.aborted && (await isStillAllowed())) {
      if (news !== undefined) {
        const request: EventsRequest = { workflow, after, limit: PAGE_EVENTS, ...ofCategory };
        const shownTo = watch.reached(news);
        const readContext = { ...context, shownTo, deadlineMs: Date.now() + DEADLINE_MS };
        let count = 0;
        let pauseMs = TOGETHER_MS;
        try {
          for await (const entries of pages(this.bus, ListEventsAfter, request, readContext)) {
            count += entries.length;
            const told = entries.map(toldEvent);
            after = told.at(-1)?.timestamp ?? after;
            const text = told
              .filter((event) => isAtLeast(event.severity, severity))
              .map((event) => event.text)
              .join('');
            if (text === '') continue;
            sentMs = performance.now();
            yield text;
          }
          if (count === PAGE_EVENTS) continue;
          news = undefined;
        } catch (error) {
          if (!(error instanceof DomainError)) throw error;
          // The workflow was deleted: there is nothing to come.
          if (error.kind !== 'unavailable') return;
          pauseMs = RETRY_MS;
        }
        await delay(pauseMs, undefined, { signal: end }).catch(() => undefined);
      }
      if (performance.now() - sentMs > KEEP_ALIVE_MS) {
        sentMs = performance.now();
        yield ': \n\n';
      }
      news ??= await watch.wait(CHECK_MS);
    }
  }
}
