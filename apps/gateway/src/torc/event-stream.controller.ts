import { Controller, Req, Res } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { CallOf, RouteResponse } from '../route/route.js';
import { Serves, ValidatedCall } from '../route/serves.decorator.js';
import { EventStreams } from './event-stream.js';
import { eventStreamRoutes as routes } from './event-stream.routes.js';

/** Browsers send the id of the last event when they connect again. */
const lastEventId = ({ headers }: FastifyRequest): number | undefined => {
  const id = headers['last-event-id'];
  return typeof id === 'string' && /^\d{1,15}$/.test(id) ? Number(id) : undefined;
};

@Controller()
export class EventStreamController {
  constructor(private readonly streams: EventStreams) {}

  @Serves(routes.stream)
  stream(
    @ValidatedCall() { input, context }: CallOf<typeof routes.stream>,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<RouteResponse> {
    const after = lastEventId(request) ?? input.after;
    return this.streams.open({ input: { ...input, ...(after !== undefined && { after }) }, context }, reply);
  }
}
