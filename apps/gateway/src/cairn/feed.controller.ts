import { Controller, Req, Res } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Bus } from '#bus/bus.js';
import { OpenFeed } from '#contracts/cairn/feed.js';
import { HISTORY_START, readSeenPlace } from '#event-sourcing/history-cursor.js';
import { FeedFollowers } from '../feed/feed-followers.js';
import type { CallOf, RouteResponse } from '../route/route.js';
import { Serves, ValidatedCall } from '../route/serves.decorator.js';
import { feedRoutes as routes } from './feed.routes.js';
import { checkedSeenPlace } from './history-fields.js';

/** Browsers send the id of the last event when they connect again. */
const lastEventId = ({ headers }: FastifyRequest): string | undefined => {
  const id = headers['last-event-id'];
  return typeof id === 'string' && id !== '' ? checkedSeenPlace('Last-Event-ID', id) : undefined;
};

@Controller()
export class FeedController {
  constructor(
    private readonly bus: Bus,
    private readonly followers: FeedFollowers,
  ) {}

  @Serves(routes.follow)
  async follow(
    @ValidatedCall() { input, context }: CallOf<typeof routes.follow>,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<RouteResponse> {
    const after = lastEventId(request) ?? input.after;
    const opened = await this.bus.request(OpenFeed, { ...input, ...(after !== undefined && { after }) }, context);
    // Proxies are neither to compress nor to collect it.
    void reply.headers({ 'cache-control': 'no-store, no-transform', 'x-accel-buffering': 'no' });
    const { filter, after: start } = opened;
    return this.followers.follow(
      { filter, after: readSeenPlace(start) ?? HISTORY_START, caller: context.caller },
      reply,
    );
  }
}
