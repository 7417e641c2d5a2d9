import { Controller } from '@nestjs/common';
import { Bus } from '#bus/bus.js';
import { EstimateRemaining, ExplainUnit } from '#contracts/cairn/explain.js';
import { ExplainRequest, ExplainWork, ExplainWorkload, FindWorker } from '#contracts/explain.js';
import { membersOf, objectText } from '#contracts/raw-json.js';
import { DomainError, refusalOf } from '#platform/domain-error.js';
import type { CallOf, RouteResponse } from '../route/route.js';
import { Serves, ValidatedCall } from '../route/serves.decorator.js';
import { explainRoutes as routes } from './explain.routes.js';

/** Phases, as raw JSON, in which a worker has the unit. */
const ASSIGNED_PHASES: readonly string[] = ['"claimed"', '"running"'];

@Controller()
export class ExplainController {
  constructor(private readonly bus: Bus) {}

  @Serves(routes.unit)
  async unit(@ValidatedCall() { input, context }: CallOf<typeof routes.unit>): Promise<RouteResponse> {
    const { document } = await this.bus.request(ExplainUnit, input, context);
    const members = membersOf(document);
    if (!ASSIGNED_PHASES.includes(members.get('phase') ?? '')) return document;
    const { worker } = await this.bus.request(FindWorker, input, context);
    return objectText(members.set('worker', JSON.stringify(worker ?? null)));
  }

  @Serves(routes.workload)
  async workload(@ValidatedCall() { input, context }: CallOf<typeof routes.workload>): Promise<RouteResponse> {
    const found = await refusalOf(this.bus.request(ExplainWorkload, input, context));
    if (!(found instanceof DomainError)) return found.document;
    if (found.kind !== 'not-found') throw found;
    return (await this.bus.request(ExplainWork, input, context)).document;
  }

  @Serves(routes.request)
  async request(@ValidatedCall() { input, context }: CallOf<typeof routes.request>): Promise<RouteResponse> {
    return (await this.bus.request(ExplainRequest, input, context)).document;
  }

  @Serves(routes.remaining)
  async remaining(@ValidatedCall() { input, context }: CallOf<typeof routes.remaining>): Promise<RouteResponse> {
    return (await this.bus.request(EstimateRemaining, { workload_id: input.dataset_id }, context)).document;
  }
}
