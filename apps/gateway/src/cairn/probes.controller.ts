import { Controller, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { Health } from '#platform/health.js';
import { probe } from '#platform/health-listener.js';
import { Metrics } from '#platform/metrics.js';
import type { CallOf, RouteResponse } from '../route/route.js';
import { Serves, ValidatedCall } from '../route/serves.decorator.js';
import { probeRoutes as routes } from './probes.routes.js';

/** The same answers as the probes of the processes that serve no HTTP otherwise. */
@Controller()
export class ProbesController {
  constructor(
    private readonly health: Health,
    private readonly metrics: Metrics,
  ) {}

  @Serves(routes.livez)
  livez(
    @ValidatedCall() _call: CallOf<typeof routes.livez>,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<RouteResponse> {
    return this.answer(routes.livez.path, reply);
  }

  @Serves(routes.readyz)
  readyz(
    @ValidatedCall() _call: CallOf<typeof routes.readyz>,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<RouteResponse> {
    return this.answer(routes.readyz.path, reply);
  }

  @Serves(routes.metrics)
  text(
    @ValidatedCall() _call: CallOf<typeof routes.metrics>,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<RouteResponse> {
    return this.answer(routes.metrics.path, reply);
  }

  private async answer(path: string, reply: FastifyReply): Promise<RouteResponse> {
    const answered = await probe(path, this.health, this.metrics);
    if (answered === undefined) throw new Error(`no probe at ${path}`);
    void reply.code(answered.status).header('content-type', answered.type);
    return answered.body;
  }
}
