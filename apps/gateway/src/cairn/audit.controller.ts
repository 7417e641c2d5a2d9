import { Controller, Req, Res } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Bus } from '#bus/bus.js';
import { ListEvents, type ListEventsRequest } from '#contracts/cairn/audit.js';
import type { CallOf, RouteResponse } from '../route/route.js';
import { Serves, ValidatedCall } from '../route/serves.decorator.js';
import { asLines, streamed } from '../route/streaming.js';
import { pageText } from './page-text.js';
import { auditRoutes as routes } from './audit.routes.js';

const NDJSON = 'application/x-ndjson';

@Controller()
export class AuditController {
  constructor(private readonly bus: Bus) {}

  @Serves(routes.events)
  async events(
    @ValidatedCall() { input, context }: CallOf<typeof routes.events>,
    @Req() { headers }: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<RouteResponse> {
    if (headers.accept?.includes(NDJSON) === true) {
      const unlimited: ListEventsRequest = { ...input, order: input.order ?? 'oldest', limit: Number.MAX_SAFE_INTEGER };
      void reply.header('content-type', `${NDJSON}; charset=UTF-8`);
      return streamed(this.bus, ListEvents, { input: unlimited, context }, asLines());
    }
    const { order = 'newest', ...rest } = input;
    const page = await this.bus.request(ListEvents, { ...rest, order }, context);
    const { looked_up_to: lookedUpTo } = page;
    return pageText('events', page, lookedUpTo === undefined ? '' : `,"looked_up_to":${JSON.stringify(lookedUpTo)}`);
  }
}
