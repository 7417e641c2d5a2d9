import { Injectable } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { Bus } from '#bus/bus.js';
import type { Caller } from '#bus/contract.js';
import type { EventFilter } from '#contracts/event-filter.js';
import { ReadFeed } from '#contracts/feed.js';
import { isBehind, type SeenPlace, textOfPlace } from '#event-sourcing/history-cursor.js';
import { Waiter } from '#ledger/waiter.js';
import { AtMost } from '#platform/at-most.js';
import { DomainError } from '#platform/domain-error.js';
import { ownContext } from '../edge/own-context.js';
import { FeedChannel, type Told } from './feed-channel.js';
import { FeedTail, isUnknownPlace, tailPage } from './feed-tail.js';
import { StreamConnections } from './stream-connections.js';

/** A stream without events sends something so often, so that proxies keep the connection and a client that is gone is noticed. */
const KEEP_ALIVE_MS = 15_000;

/** A client that has taken nothing for so long is dropped. */
const STALL_MS = 60_000;

/** Followers that catch up at a time; each holds a page. */
const CATCHING_UP_MAX = 16;
const CATCH_UP_DEADLINE_MS = 30_000;
/** After so long what could not be read is asked for again. */
const RETRY_MS = 250;

/** Clients wait so long before they connect again. */
const RECONNECT_MS = 1000;

export interface Following {
  readonly filter: EventFilter;
  /** Where the client left off. */
  readonly after: SeenPlace;
  readonly caller: Caller;
}

/**
 * Streams of events (`text/event-stream`). A stream holds no events of its own: it has a place in the history, takes what is behind it from the memory
 * that all share, or from the service when it is further back, and asks for more when its client has taken what there was.
 */
@Injectable()
export class FeedFollowers {
  private readonly channels = new Map<string, { readonly channel: FeedChannel; followers: number }>();
  private readonly catchingUp = new AtMost(CATCHING_UP_MAX);

  constructor(
    private readonly bus: Bus,
    private readonly tail: FeedTail,
    private readonly connections: StreamConnections,
  ) {}

  async *follow({ filter, after: start, caller }: Following, reply: FastifyReply): AsyncGenerator<string, void, void> {
    const key = JSON.stringify([filter, caller.username, caller.roles, caller.groups]);
    const channel = this.enter(key, filter, caller);
    const end = this.connections.endOf(reply);
    const waiter = new Waiter();
    end.addEventListener('abort', waiter.wake);
    this.tail.join(waiter.wake);
    let after = start;
    let { course } = this.tail;
    let sentMs = performance.now();
    const stalled = setInterval(() => {
      if (performance.now() - sentMs > 2 * STALL_MS) reply.raw.destroy();
    }, STALL_MS).unref();
    try {
      // Whose connection breaks before the first event goes on here, and misses nothing.
      yield `retry: ${RECONNECT_MS}\nid: ${textOfPlace(start)}\n\n`;
      while (!end.aborted) {
        if (!(await this.connections.isStillAllowed(reply.request))) {
          yield ': the token is no longer valid\n\n';
          return;
        }
        // What is in memory now may be of another history, that was restored: then the service is asked whether it has this place.
        const { course: present } = this.tail;
        const live = course === present ? channel.behind(after) : undefined;
        const told = live ?? (await this.catchUp(channel, after));
        if (told === 'unknown place') {
          yield ': the history was restored and does not have this place any more, begin anew\n\n';
          return;
        }
        if (told !== undefined) course = present;
        const hasMoved = told !== undefined && isBehind(told.upTo, after);
        if (hasMoved) after = told.upTo;
        const isQuiet = performance.now() - sentMs > KEEP_ALIVE_MS;
        const text = hasMoved && told.text !== '' ? told.text : isQuiet ? signOfLife(after) : '';
        if (text !== '') {
          sentMs = performance.now();
          yield text;
          if (performance.now() - sentMs > STALL_MS) {
            yield ': dropped because nothing was read for too long, connect again with Last-Event-ID\n\n';
            return;
          }
        } else if (!hasMoved) {
          await waiter.wait(live === undefined ? RETRY_MS : Infinity);
        }
      }
      yield ': the server stops, connect again with Last-Event-ID\n\n';
    } finally {
      clearInterval(stalled);
      this.tail.leave(waiter.wake);
      this.leave(key);
    }
  }

  private enter(key: string, filter: EventFilter, caller: Caller): FeedChannel {
    const shared = this.channels.get(key) ?? { channel: new FeedChannel(this.tail, filter, caller), followers: 0 };
    shared.followers += 1;
    this.channels.set(key, shared);
    return shared.channel;
  }

  private leave(key: string): void {
    const shared = this.channels.get(key);
    if (shared === undefined) return;
    shared.followers -= 1;
    if (shared.followers === 0) this.channels.delete(key);
  }

  /** What is further back than the memory reaches; undefined when the service does not answer. */
  private async catchUp(channel: FeedChannel, after: SeenPlace): Promise<Told | 'unknown place' | undefined> {
    const request = { after: textOfPlace(after), filter: channel.filter };
    try {
      return await this.catchingUp.run(async () => {
        const context = ownContext('gateway-feed', CATCH_UP_DEADLINE_MS);
        return channel.tell(tailPage(await this.bus.request(ReadFeed, request, context)));
      });
    } catch (error) {
      if (isUnknownPlace(error)) return 'unknown place';
      if (error instanceof DomainError) return undefined;
      throw error;
    }
  }
}

/** The client remembers how far it has seen everything, though nothing was for it. */
const signOfLife = (after: SeenPlace): string => `: alive\nid: ${textOfPlace(after)}\n\n`;
