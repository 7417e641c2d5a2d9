import { Controller } from '@nestjs/common';
import { Bus } from '#bus/bus.js';
import { EstimateRemaining, ExplainUnit } from '#contracts/cairn/explain.js';
import { ExplainRequest, ExplainWorkload } from '#contracts/explain.js';
import type { CallOf, Served } from '../route/route.js';
import { Serves, TheCall } from '../route/serves.decorator.js';
import { explainRoutes as routes } from './explain.routes.js';

@Controller()
export class ExplainController {
  constructor(private readonly bus: Bus) {}

  @Serves(routes.unit)
  async unit(@TheCall() { input, context }: CallOf<typeof routes.unit>): Promise<Served> {
    return (await this.bus.request(ExplainUnit, input, context)).document;
  }

  @Serves(routes.workload)
  async workload(@TheCall() { input, context }: CallOf<typeof routes.workload>): Promise<Served> {
    return (await this.bus.request(ExplainWorkload, input, context)).document;
  }

  @Serves(routes.request)
  async request(@TheCall() { input, context }: CallOf<typeof routes.request>): Promise<Served> {
    return (await this.bus.request(ExplainRequest, input, context)).document;
  }

  @Serves(routes.remaining)
  async remaining(@TheCall() { input, context }: CallOf<typeof routes.remaining>): Promise<Served> {
    return (await this.bus.request(EstimateRemaining, input, context)).document;
  }
}
